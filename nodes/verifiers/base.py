"""What the rest of the package asks of a verifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..values import Question, Usage

Granularity = Literal["step", "solution"]
"""What gets a score: every step of a solution, finished or not, or only a finished one as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one scoring request gave."""

    scores: tuple[tuple[float, ...], ...]
    """For each solution one score a step, or the only one of a whole solution, in [0, 1], in the
    order given; none at all for a solution that the verifier cannot take."""
    usage: Usage


class ProcessVerifier(Protocol):
    """Scores solutions. Implementations: `batched.py`, `vllm_prm.py`, `outcome.py`, `judge.py`."""

    @property
    def model(self) -> str:
        """The name it is served under."""
        ...

    @property
    def granularity(self) -> Granularity:
        """Whether it scores steps, so that a search can be led by it, or whole solutions only."""
        ...

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`, each a sequence of at least one step, in one request.

        Raises:
            BackendError: the server could not be used.
        """
        ...


def step_verifier(verifier: ProcessVerifier | None) -> ProcessVerifier:
    """Return a verifier that can lead a step-wise search.

    Raises:
        ValueError: there is none, or it scores whole solutions only.
    """
    if verifier is None:
        raise ValueError("a step-wise search needs a process verifier, not None")
    if verifier.granularity != "step":
        raise ValueError(
            f"a step-wise search needs a process verifier, not {verifier.model!r}, which scores "
            "whole solutions only"
        )
    return verifier
