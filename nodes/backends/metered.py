"""Holds a generator and a verifier to a run's budget.

Tokens and seconds are bounded here, on every call, so that no algorithm has to: a call gets no more
tokens than are left for all of its samples together, and is cut off at the deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from ..budget import Meter
from ..errors import BackendTimeout, BudgetSpent
from ..values import Question, Sampling
from ..verifiers.base import Granularity, ProcessVerifier, Scored
from .abandoned import hearing_abandoned
from .base import Abilities, Generator, OnText, Prompt, Sampled

STEP_TOKENS = 64
"""How long a step of an answer is taken to be."""
AT_DEADLINE_S = 0.25
"""A call that times out so shortly before the deadline was cut off by it: the clock of an event loop
may be behind by as long as one of its turns takes."""


class MeteredGenerator:
    """A generator that spends from a meter."""

    def __init__(self, inner: Generator, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

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
        """Return completions; fewer than `n` where the tokens left would not do for all.

        Raises:
            BudgetSpent: no second is left, or not a token for each prompt, or the deadline came
                before any text.
        """
        self._meter.check()
        if (tokens := self._meter.tokens_left) is not None and tokens < len(prompts):
            raise BudgetSpent("tokens")
        n, max_tokens = self._affordable(len(prompts), n, sampling)
        left = self._meter.seconds_left
        limit = timeout_s if left is None else min(left, timeout_s or left)
        try:
            with hearing_abandoned(self._meter.spend):
                async with _cut_when_hurried(self._meter):
                    sampled = await self._inner.complete(
                        prompts,
                        n=n,
                        sampling=replace(sampling, max_tokens=max_tokens),
                        on_text=on_text,
                        timeout_s=limit,
                    )
        except BackendTimeout as exc:
            left = self._meter.seconds_left
            if left is not None and left <= AT_DEADLINE_S:
                raise BudgetSpent("deadline") from exc
            raise
        self._meter.spend(sampled.usage)
        return sampled

    def _affordable(self, prompts: int, n: int, sampling: Sampling) -> tuple[int, int]:
        """Return how many samples of each prompt, of how many tokens each, the tokens left allow."""
        left = self._meter.tokens_left
        if left is None:
            return n, sampling.max_tokens
        likely = STEP_TOKENS if sampling.stop else self._meter.answer_tokens
        each, max_tokens = min(likely, sampling.max_tokens), sampling.max_tokens
        n = max(1, min(n, int(left / (prompts * each))))
        return n, max(1, min(max_tokens, left // (prompts * n)))


class MeteredVerifier:
    """A verifier that spends from a meter."""

    def __init__(self, inner: ProcessVerifier, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        """That of the verifier inside."""
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score solutions until the deadline.

        Raises:
            BackendTimeout: the deadline came first. Samples that are paid for stay, unscored.
        """
        try:
            with hearing_abandoned(self._meter.spend):
                async with (
                    _cut_when_hurried(self._meter),
                    asyncio.timeout(self._meter.seconds_left),
                ):
                    scored = await self._inner.score(question, solutions)
        except TimeoutError as exc:
            raise BackendTimeout("the deadline came before the scores") from exc
        self._meter.spend(scored.usage)
        return scored


@asynccontextmanager
async def _cut_when_hurried(meter: Meter) -> AsyncIterator[None]:
    """Cut the block off at a deadline that came nearer since it began.

    The deadline that is known at the beginning is the inner call's own, which then keeps what it has.

    Raises:
        BackendTimeout: it was cut.
    """
    scope = asyncio.timeout(None)
    loop = asyncio.get_running_loop()
    try:
        async with scope:
            with meter.on_hurry(lambda seconds: scope.reschedule(loop.time() + seconds)):
                yield
    except TimeoutError as exc:
        if not scope.expired():
            raise
        raise BackendTimeout("cut off at a deadline that came nearer") from exc
