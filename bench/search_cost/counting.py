"""Wrappers of the generator and the verifier that count what goes through them.

They change nothing: what comes back, or is raised, is what the inner one returns or raises.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from forethought.nodes.backends.base import Abilities, Generator, OnText, Prompt, Sampled
from forethought.nodes.values import Question, Sampling, Usage
from forethought.nodes.verifiers.base import Granularity, ProcessVerifier, Scored


@dataclass(slots=True)
class Spent:
    """What went through the generator and the verifier."""

    usage: Usage = field(default_factory=Usage)
    generator_calls: int = 0
    """Calls that algorithms made; each is one request unless it was tried again."""
    verifier_calls: int = 0
    solutions: int = 0
    """Solutions, finished or not, that were scored."""
    generator_s: float = 0.0
    """Waited for the generator, summed over the questions."""
    verifier_s: float = 0.0


class CountedGenerator:
    """A generator that counts."""

    def __init__(self, inner: Generator, spent: Spent) -> None:
        self._inner, self._spent = inner, spent

    @property
    def abilities(self) -> Abilities:
        """What the server behind it can do."""
        return self._inner.abilities

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return what the inner one returns."""
        started = time.monotonic()
        self._spent.generator_calls += 1
        try:
            sampled = await self._inner.complete(
                prompts, n=n, sampling=sampling, on_text=on_text, timeout_s=timeout_s
            )
        finally:
            self._spent.generator_s += time.monotonic() - started
        self._spent.usage += sampled.usage
        return sampled


class CountedVerifier:
    """A process verifier that counts."""

    def __init__(self, inner: ProcessVerifier, spent: Spent) -> None:
        self._inner, self._spent = inner, spent

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        """What it scores."""
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Return what the inner one returns."""
        started = time.monotonic()
        self._spent.verifier_calls += 1
        self._spent.solutions += len(solutions)
        try:
            scored = await self._inner.score(question, solutions)
        finally:
            self._spent.verifier_s += time.monotonic() - started
        self._spent.usage += scored.usage
        return scored
