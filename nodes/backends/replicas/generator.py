"""Several generators as one, for one run: its requests stay together, and move on when one fails.

Where a server broke a reply off and could not be asked again itself, the missing samples are drawn by
another one (`mending.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...errors import BackendError, PromptTooLong
from ...values import Sampling
from ..base import Abilities, Generator, OnText, Prompt, Sampled
from ..mending import mended, missing
from .replicas import Replicas
from .request import Home, Request

Able = Callable[[Generator], bool]


class ReplicatedGenerator:
    """One run's view of a group. Each run has its own; the group is shared."""

    def __init__(self, group: Replicas[Generator], home: Home | None = None) -> None:
        self._group = group
        self._home = home or Home()

    @property
    def abilities(self) -> Abilities:
        """What any of them can do: a request goes to one that can do it."""
        return shared_abilities([one.abilities for one in self._group.roster.served])

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return `n` independent completions of each prompt, from the servers that can give them."""
        loop = asyncio.get_running_loop()
        until = None if timeout_s is None else loop.time() + timeout_s

        def left() -> float | None:
            return None if until is None else max(0.0, until - loop.time())

        continues = any(prompt.prefix for prompt in prompts)
        able = _continues if continues else _draws
        first = await self._sampled(
            self._request(prompts, n, sampling, able, on_text, timeout_s), left
        )
        gaps = missing(first, len(prompts), n)
        if not gaps or left() == 0.0:
            return first
        moved = sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + n)
        lost = [prompts[i] for i in gaps]
        try:
            again = await self._sampled(
                self._request(lost, 1, moved, able, None, left()), left, away=True
            )
        except BackendError:
            return first
        return mended(first, again, gaps, len(prompts), n)

    async def _sampled(
        self,
        request: Request[Generator, Sampled],
        left: Callable[[], float | None],
        *,
        away: bool = False,
    ) -> Sampled:
        """Ask the group; a prompt too long for one server goes to those that read more."""
        home, shun = (Home(), self._home.place) if away else (self._home, None)
        try:
            return await self._group.call(request, home, shun=shun)
        except PromptTooLong:
            lengths = [one.abilities.max_model_len for one in self._group.roster.served]
            if len(set(lengths)) < 2:
                raise
        longest = max(length or 0 for length in lengths) or None
        able = request.able

        def reads_more(one: Generator) -> bool:
            return able(one) and one.abilities.max_model_len in (longest, None)

        return await self._group.call(replace(request, able=reads_more, timeout_s=left()), home)

    def _request(
        self,
        prompts: Sequence[Prompt],
        n: int,
        sampling: Sampling,
        able: Able,
        on_text: OnText | None,
        timeout_s: float | None,
    ) -> Request[Generator, Sampled]:
        async def ask(one: Generator, seconds: float | None, tell: OnText | None) -> Sampled:
            return await one.complete(
                prompts, n=n, sampling=sampling, on_text=tell, timeout_s=seconds
            )

        weight = len(prompts) * n
        return Request(
            ask=ask,
            weight=weight,
            kind=(able is _continues, bool(sampling.stop), weight.bit_length()),
            able=able,
            fault=lambda sampled: sampled.fault,
            on_text=on_text,
            timeout_s=timeout_s,
        )


def shared_abilities(each: Sequence[Abilities]) -> Abilities:
    """Return what at least one of several servers of one model can do; at least one is given."""
    lengths = [one.max_model_len for one in each]
    return Abilities(
        model=each[0].model,
        max_model_len=None if None in lengths else max(length or 0 for length in lengths),
        token_ids=any(one.token_ids for one in each),
        continuation=any(one.continuation for one in each),
        logprobs=any(one.logprobs for one in each),
        generative_scoring=any(one.generative_scoring for one in each),
    )


def _draws(_: Generator) -> bool:
    return True


def _continues(one: Generator) -> bool:
    return one.abilities.continuation
