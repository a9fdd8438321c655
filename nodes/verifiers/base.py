"""What the rest of the package asks of a process verifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..values import Question, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one scoring request gave."""

    scores: tuple[tuple[float, ...], ...]
    """For each solution one score a step, in [0, 1], in the order given; none at all for a solution
    that the verifier cannot take."""
    usage: Usage


class ProcessVerifier(Protocol):
    """Scores every step of solutions, finished or not. Implementation: `vllm_prm.py`."""

    @property
    def model(self) -> str:
        """The name it is served under."""
        ...

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`, each a sequence of at least one step, in one request.

        Raises:
            BackendError: the server could not be used.
        """
        ...
