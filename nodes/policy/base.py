"""What the plan asks of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..algorithms.base import Strategy
from ..algorithms.revisions import Revisions
from ..difficulty.base import Difficulty
from ..needs import Needs
from ..values import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a policy may look at."""

    kind: Kind
    difficulty: Difficulty
    room: int
    """Generations left; at least 1."""
    verifier: bool
    """A verifier is present that scores steps."""
    larger: int | None = None
    """Generations that one answer of the larger model counts for; None without one."""
    continuation: bool
    """The generator can continue the beginning of an answer."""
    judge: bool = False
    """A verifier is present that scores whole solutions only."""
    spent: int = 0
    """Generations used so far, the pilot's included: with `room` the whole budget."""
    needs: Needs | None = None
    """What the caller said is enough."""
    price: float | None = None
    """Of a generation, in P(right), as a mean over questions demands it; None leaves it open."""
    answer_tokens: float | None = None
    """Mean of a whole sample of this question; None where none has come."""
    round_s: float | None = None
    """Seconds that the pilot took; None is unknown."""
    seconds_left: float | None = None
    """Until the deadline, or until the caller needs the answer; None is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a policy chose."""

    strategy: Strategy
    revisions: Revisions | None = None
    """What to do when the vote stays in doubt; None is nothing."""
    policy: str
    """Name and version of the policy that chose."""
    why: str
    """The reason, for the trace."""
    difficulty: Difficulty
    """What it was chosen for."""
    final: bool = False
    """Nothing is planned after it, whatever is left of the budget."""


class Policy(Protocol):
    """Chooses the strategy of a question. `builtin.py`, `fitted.py`, `fixed.py`; around them
    `pacing.py` and `drift.py`."""

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        ...
