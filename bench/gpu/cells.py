"""What is measured: a way of asking, and what a window of it showed. Plain values and their arithmetic."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

Kind = Literal["raw", "effort", "strategy"]
N = 16
"""Of the two strategies that are set beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of asking."""

    name: str
    kind: Kind
    weight: float
    """Of its window in the time there is: questions that take longer get more of it."""
    n: int = 0
    """Samples of a raw request."""
    effort: str = "medium"
    strategy: dict[str, object] | None = None


RAW = tuple(
    Way(name=f"raw n={n}", kind="raw", n=n, weight=w) for n, w in ((4, 0.7), (16, 1), (64, 1))
)
EFFORTS = tuple(
    Way(name=f"effort {effort}", kind="effort", effort=effort, weight=w)
    for effort, w in (("low", 1), ("medium", 1.3), ("high", 2))
)
SEARCHES = (
    Way(name="best-of-N", kind="strategy", strategy={"name": "best_of_n", "n": N}, weight=1.3),
    Way(name="beam", kind="strategy", strategy={"name": "beam_search", "n": N, "m": 4}, weight=1.6),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The generator's own gauges at one moment."""

    at_s: float
    """From the start of the window."""
    running: float
    waiting: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question that was answered in the window."""

    seconds: float
    completion_tokens: int
    right: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One window of one way."""

    way: Way
    window_s: float
    answers: tuple[Asked, ...]
    errors: tuple[str, ...]
    generated: float
    """Tokens that the generator generated in the window, answered or not."""
    cache_hits: float
    cache_queries: float
    """Tokens of prompts: found in the prefix cache, and asked of it."""
    readings: tuple[Reading, ...]

    @property
    def tokens_s(self) -> float:
        """Generated tokens a second."""
        return self.generated / self.window_s

    @property
    def questions_s(self) -> float | None:
        """Questions a second in the long run: tokens a second over the tokens of an answered question.

        The answers of the window over its seconds would leave out those that were under way at its end.
        """
        tokens = statistics.fmean(a.completion_tokens for a in self.answers) if self.answers else 0
        return self.tokens_s / tokens if tokens else None

    @property
    def median_s(self) -> float | None:
        """Of a question."""
        return statistics.median(a.seconds for a in self.answers) if self.answers else None

    @property
    def busy(self) -> float | None:
        """Share of the readings at which at least one request ran."""
        ran = [reading.running > 0 for reading in self.readings]
        return sum(ran) / len(ran) if ran else None

    @property
    def running(self) -> float | None:
        """Mean of the requests that ran."""
        return statistics.fmean(r.running for r in self.readings) if self.readings else None

    @property
    def hit_rate(self) -> float | None:
        """Share of prompt tokens that were in the prefix cache."""
        return self.cache_hits / self.cache_queries if self.cache_queries else None

    @property
    def accuracy(self) -> float | None:
        """Share of right answers, of those that could be graded."""
        graded = [a.right for a in self.answers if a.right is not None]
        return sum(graded) / len(graded) if graded else None
