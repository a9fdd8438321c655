"""What a run may spend, what it has spent, and which of the two is larger.

One unit, a generation, is one whole sampled answer (arXiv 2408.03314, section 3.1): best-of-N costs
N, beam search N, lookahead search N(k+1). Generations, generated tokens and a deadline hold
together; whatever runs out first ends the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, get_args

from .candidate import Candidate
from .errors import BudgetSpent, Resource
from .values import Usage

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)
GENERATIONS: dict[Effort, int] = {
    "none": 0,
    "minimal": 2,
    "low": 4,
    "medium": 16,
    "high": 64,
    "xhigh": 128,
    "max": 256,
}
"""A ceiling, not a spend: a vote that is decided early ends the run."""
PRIOR_ANSWER_TOKENS = 256
"""How long an answer is taken to be before any has been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most a run may spend."""

    generations: int
    """0 asks the model directly."""
    tokens: int | None = None
    """Generated tokens, thrown away or not; None is no limit."""
    deadline_s: float | None = None
    """Seconds from the start of the run; None is no limit."""


class Meter:
    """Counts what one run spends against its budget. Each run has its own."""

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.usage = Usage()
        self.carried = Usage()
        """The part of `usage` that an earlier run spent."""
        self.generations = 0
        self._answers = 0
        self._answer_tokens = 0
        self._clock = clock
        self._started = clock()
        self._hurried: list[Callable[[float], None]] = []

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._started

    @property
    def seconds_left(self) -> float | None:
        """Until the deadline; None without one; negative past it."""
        return None if self.budget.deadline_s is None else self.budget.deadline_s - self.seconds

    @property
    def tokens_left(self) -> int | None:
        """Until the token limit; None without one."""
        limit = self.budget.tokens
        return None if limit is None else limit - self.usage.completion_tokens

    @property
    def answer_tokens(self) -> float:
        """Mean length of the answers seen so far."""
        if not self._answers:
            return PRIOR_ANSWER_TOKENS
        return max(self._answer_tokens / self._answers, 1.0)  # some servers do not count

    def carry(self, usage: Usage, generations: int) -> None:
        """Begin with what an earlier run of the same request has spent."""
        self.usage += usage
        self.carried += usage
        self.generations += generations

    def spend(self, usage: Usage) -> None:
        """Count the tokens of a call."""
        self.usage += usage

    def count(self, generations: int, found: Iterable[Candidate]) -> None:
        """Count generations, and learn how long answers are from the whole ones found."""
        self.generations += generations
        for candidate in found:
            if candidate.whole:
                self._answers += 1
                self._answer_tokens += candidate.n_tokens

    def room(self) -> int:
        """Return how many more whole answers fit by generations, and by tokens at the mean length."""
        by_generations = self.budget.generations - self.generations
        if self.tokens_left is None:
            return max(0, by_generations)
        return max(0, min(by_generations, int(self.tokens_left / self.answer_tokens)))

    def spent(self) -> Resource | None:
        """Return which resource has run out, if any."""
        if self.seconds_left is not None and self.seconds_left <= 0:
            return "deadline"
        if self.generations >= self.budget.generations:
            return "generations"
        if self.tokens_left is not None and self.tokens_left < self.answer_tokens:
            return "tokens"
        return None

    def hurry(self, seconds: float) -> None:
        """Let the run end within `seconds` from now; a nearer deadline stays."""
        until = self.seconds + seconds
        if self.budget.deadline_s is None or until < self.budget.deadline_s:
            self.budget = replace(self.budget, deadline_s=until)
            for tell in list(self._hurried):
                tell(seconds)

    @contextmanager
    def on_hurry(self, tell: Callable[[float], None]) -> Iterator[None]:
        """Call `tell` with the seconds left when the deadline comes nearer during the block."""
        self._hurried.append(tell)
        try:
            yield
        finally:
            self._hurried.remove(tell)

    def check(self) -> None:
        """Refuse a call for which nothing is left.

        Raises:
            BudgetSpent: no token or no second is left.
        """
        if self.seconds_left is not None and self.seconds_left <= 0:
            raise BudgetSpent("deadline")
        if self.tokens_left is not None and self.tokens_left <= 0:
            raise BudgetSpent("tokens")
