"""Keeps one way of asking busy for a window of time, and counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx2

from .asking import Question, Servers
from .cells import Asked, Cell, Way
from .gauges import Gauges

IDLE_S = 20.0
"""How long the servers may take to drop what is cancelled."""
MOST_ERRORS = 50
"""After which a window ends: something is wrong, and asking again would only be a storm."""


async def measure(
    way: Way,
    questions: Iterator[Question],
    servers: Servers,
    gauges: Gauges,
    *,
    at_once: int,
    window_s: float,
) -> Cell:
    """Return what a window of `window_s` seconds showed, with `at_once` questions under way."""
    answers: list[Asked] = []
    errors: list[str] = []

    async def work() -> None:
        while len(errors) < MOST_ERRORS:
            try:
                answers.append(await servers.ask(way, next(questions)))
            except (httpx2.HTTPError, KeyError, ValueError) as exc:
                errors.append(f"{type(exc).__name__}: {exc}")

    before, began = await gauges.read(), time.monotonic()
    async with gauges.watched() as readings:
        tasks = [asyncio.create_task(work()) for _ in range(at_once)]
        await asyncio.wait(tasks, timeout=window_s)
        after, seconds = await gauges.read(), time.monotonic() - began
        whole = tuple(answers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await gauges.idle(IDLE_S)
    moved = {name: after[name] - before[name] for name in after}
    return Cell(
        way=way,
        window_s=seconds,
        answers=whole,
        errors=tuple(errors),
        generated=moved["generated"],
        cache_hits=moved["cache_hits"],
        cache_queries=moved["cache_queries"],
        readings=tuple(readings),
    )
