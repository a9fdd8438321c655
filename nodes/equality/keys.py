"""Gives equal answers equal keys, by kind.

Keys make equality reflexive, symmetric and transitive by construction, and grouping linear in the
number of answers. What is no plain number goes to worker processes: math-verify uses signals, and a
hostile expression can only be stopped by killing the process that evaluates it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from typing import Protocol

from pebble import ProcessExpired, ProcessPool

from ..values import Kind
from .algebra import algebra_key
from .plain import choice_key, number_key, text_key, verbatim_key
from .program import source_key
from .structure import json_key, tool_call_key

PLAIN: dict[Kind, Callable[[str], str | None]] = {
    "choice": choice_key,
    "text": text_key,
    "json": json_key,
    "tool_call": tool_call_key,
    "code": source_key,
}
"""Kinds that need no computer algebra."""
TIMEOUT_S = 5.0
KNOWN_AT_MOST = 50_000


class Pool(Protocol):
    """Runs a function of one text in another process."""

    async def run(self, function: Callable[[str], str | None], text: str) -> str | None:
        """Return what the function returns.

        Raises:
            TimeoutError: it took too long and was killed.
            ChildProcessError: its process died.
        """
        ...

    def close(self) -> None:
        """Stop the processes."""
        ...


class KillingPool:
    """A pool that kills what takes too long. Its workers start with the first text."""

    def __init__(self, workers: int = 1, timeout_s: float = TIMEOUT_S) -> None:
        self._workers = workers
        self._timeout_s = timeout_s
        self._pool: ProcessPool | None = None

    async def run(self, function: Callable[[str], str | None], text: str) -> str | None:
        """Return what the function returns."""
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")  # a fork would copy locks of live threads
            self._pool = ProcessPool(
                max_workers=self._workers,
                context=spawn,
                initializer=algebra_key,  # imports what the first answer needs, untimed
                initargs=("\\sqrt{2}",),
            )
        future = self._pool.schedule(function, args=(text,), timeout=self._timeout_s)
        try:
            return await asyncio.wrap_future(future)
        except ProcessExpired as exc:
            raise ChildProcessError(str(exc)) from exc

    def close(self) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


class AnswerKeys:
    """Keys by kind; what was computed once is remembered."""

    def __init__(self, pool: Pool | None = None) -> None:
        self._pool = pool or KillingPool()
        self._known: dict[str, str | None] = {}

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        """Return one key an answer, in their order; None for one that takes no part in a vote."""
        if kind == "free":
            return [None] * len(answers)
        once = list(dict.fromkeys(answers))
        if kind in PLAIN:
            plain = map(PLAIN[kind], once)
            keys = dict(zip(once, plain, strict=True))
        else:
            keys = {answer: number_key(answer) for answer in once}
            hard = [answer for answer, key in keys.items() if key is None]
            keys |= dict(zip(hard, await asyncio.gather(*map(self._algebra, hard)), strict=True))
        return [keys[answer] for answer in answers]

    def close(self) -> None:
        """Stop the worker processes."""
        self._pool.close()

    async def _algebra(self, answer: str) -> str | None:
        if answer not in self._known:
            try:
                key = await self._pool.run(algebra_key, answer)
            except (TimeoutError, ChildProcessError):
                key = verbatim_key(answer)  # still equal to itself, however it is evaluated
            if len(self._known) >= KNOWN_AT_MOST:
                self._known.clear()
            self._known[answer] = key
        return self._known[answer]
