"""Verifiers that score texts: solutions become texts, rows of scores become solutions again.

Texts of different questions and runs are alike to the server, so any of them can share a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from ..errors import BackendError, BackendGarbled, BackendRejected, PromptTooLong
from ..values import Question
from .base import Granularity, Scored
from .halves import Rows

Scores = tuple[float, ...]
"""Of one text."""


class TextVerifier(Protocol):
    """Scores texts that it makes of solutions. Implementation: `vllm_prm.py`."""

    @property
    def model(self) -> str:
        """The name it is served under."""
        ...

    @property
    def granularity(self) -> Granularity:
        """What gets a score."""
        ...

    def texts(self, question: Question, steps: Sequence[str]) -> list[str]:
        """Return the texts whose scores, one after another, are those of the steps."""
        ...

    async def score_texts(self, texts: Sequence[str]) -> Rows[Scores]:
        """Return the scores of each of `texts`, at least one, in their order.

        Raises:
            BackendError: the server could not be used.
        """
        ...


async def score_by_texts(
    verifier: TextVerifier,
    ask: Callable[[Sequence[str]], Awaitable[Rows[Scores]]],
    question: Question,
    solutions: Sequence[Sequence[str]],
) -> Scored:
    """Score `solutions` by what `ask` gives for their texts; a refused one gets no scores.

    Raises:
        BackendError: the server could not be used, or took none of them for another reason than
            their length.
    """
    texts = [verifier.texts(question, steps) for steps in solutions]
    asked = await ask([text for own in texts for text in own])
    rows = iter(asked.rows)
    scores: list[Scores] = []
    refusals: list[BackendRejected] = []
    for steps, own in zip(solutions, texts, strict=True):
        found = [next(rows) for _ in own]
        refused = [row for row in found if isinstance(row, BackendRejected)]
        refusals += refused[:1]
        taken = [score for row in found if not isinstance(row, BackendRejected) for score in row]
        if not refused and len(taken) != len(steps):
            raise BackendGarbled(
                f"{verifier.model} gave {len(taken)} scores for {len(steps)} steps"
            )
        scores.append(() if refused else tuple(taken))
    error = next((exc for exc in refusals if not isinstance(exc, PromptTooLong)), None)
    if error is not None and len(refusals) == len(solutions):
        raise _again(error)
    return Scored(scores=tuple(scores), usage=asked.usage)


def _again(error: BackendError) -> BackendError:
    """Return the same error anew: one that is raised twice grows a traceback."""
    copy = type(error)(str(error))
    copy.__cause__ = error.__cause__
    return copy
