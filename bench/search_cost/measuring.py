"""Measures cells, each alone, after a warm-up that is thrown away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from forethought.nodes.algorithms.registry import strategy_from

from .answering import Reasoner
from .cells import BASELINE, STRATEGIES, Cell, expected_s
from .counters import moved, server_counters
from .counting import Spent
from .questions import Row
from .record import Record

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The servers, the questions and what has been measured."""

    reasoner: Reasoner
    roots: Mapping[str, str]
    """The servers' addresses without `/v1`, by side."""
    rows: Sequence[Row]
    record: Record

    async def warm_up(self, n: int, at_once: int) -> None:
        """Run what the first cells run and throw it away.

        Servers compile kernels for each new width at its first batch, and the worker process of the
        equality takes seconds to start: both would count against whatever comes first.
        """
        await self.reasoner.keys.keys(["\\frac{1}{2}"], "math")
        for name in (BASELINE, "beam"):
            strategy = strategy_from(STRATEGIES[name](max(n, 4)))
            jobs = [self.reasoner.answer(row, strategy, Spent(), "warm-up") for row in self.rows]
            await at_once_all(at_once, jobs)
        self.record.tell("warm")

    async def cell(self, name: str, n: int, at_once: int, repeat: int) -> None:
        """Measure one cell, unless it would not end in time."""
        record, label = self.record, f"{name} N={n} at once={at_once} repeat={repeat}"
        if (expected := expected_s(record.cells, name, n, at_once)) > record.left_s:
            record.skipped.append(f"{label}: {expected:.0f} s expected, {record.left_s:.0f} s left")
            return
        strategy, spent = strategy_from(STRATEGIES[name](n)), Spent()
        before = await server_counters(self.roots, reset=True)
        started = time.monotonic()
        try:
            async with asyncio.timeout(record.left_s):
                outcomes = await at_once_all(
                    at_once,
                    [
                        self.reasoner.answer(row, strategy, spent, f"{repeat} {number}")
                        for number, row in enumerate(self.rows)
                    ],
                )
        except TimeoutError:
            record.skipped.append(f"{label}: cut off at the time limit")
            return
        wall = time.monotonic() - started
        after = await server_counters(self.roots)
        record.cells.append(
            Cell(
                strategy=name,
                n=n,
                at_once=at_once,
                repeat=repeat,
                wall_s=wall,
                outcomes=tuple(outcomes),
                spent=spent,
                counters=moved(before, after),
            )
        )
        record.tell(f"{label}: {wall:.1f} s, {spent.usage.completion_tokens / wall:.0f} tok/s")


async def at_once_all(at_once: int, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what the jobs return, in their order, with at most `at_once` under way."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Awaitable[T]) -> T:
        async with gate:
            return await job

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(job)) for job in jobs]
    return [task.result() for task in tasks]
