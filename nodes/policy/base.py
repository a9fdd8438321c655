"""What the plan asks of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..algorithms.base import Strategy
from ..algorithms.revisions import Revisions
from ..difficulty.base import Difficulty
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


class Policy(Protocol):
    """Chooses the strategy of a question. Implementation: `builtin.py`."""

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        ...
