"""What stands behind a server: questions with gold answers, and the samples that are drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a bank."""

    number: int
    text: str
    gold: str
    p: float
    """P(one sample is right); of recorded samples their share of right ones."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Drawn:
    """One sample; equal draws are the same object, so what is rendered of it can be kept."""

    text: str
    n_tokens: int
    """The end token included."""
    finish_reason: str = "stop"
    stop_reason: str | None = None
    right: bool = False
    ids: tuple[int, ...] | None = None
    """None where it cannot be continued."""
    logprob: float = -0.5
    """Mean over its tokens."""


class Bank(Protocol):
    """Answers prompts."""

    @property
    def questions(self) -> Sequence[Asked]:
        """All of them."""
        ...

    @property
    def continues(self) -> bool:
        """Whether the beginning of an answer can be continued."""
        ...

    def find(self, text: str) -> Asked | None:
        """Return the question that a prompt asks, the last one where it holds several."""
        ...

    def draw(self, asked: Asked, k: int, begun: str) -> Drawn:
        """Return sample `k` (from 0) of a question, without its beginning `begun`."""
        ...

    def is_right(self, asked: Asked, shown: str) -> bool:
        """Say whether the solution that a judge's prompt shows ends in the gold answer."""
        ...

    def scores(self, asked: Asked | None, steps: Sequence[str]) -> Sequence[float]:
        """Return P(good) after each step.

        Raises:
            ValueError: nothing is known about them.
        """
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        ...
