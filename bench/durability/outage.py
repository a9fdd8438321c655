"""Stops PostgreSQL under load, starts it again, and compares what was answered with what is stored."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from .asking import Asking, Got
from .crash import questions_of
from .ledger import Told, missing, runs_of, statuses
from .postgres import cluster
from .serving import Server, serving

CATCH_UP_S = 120.0
WAITING = "forethought_store_rows_waiting"


async def outage(
    model_url: str, folder: Path, *, clients: int, calm_s: float, away_s: float
) -> Told:
    """Return what was found."""
    questions = await questions_of(model_url)
    async with cluster(folder) as postgres:
        async with serving(model_url, postgres.url, folder) as server:
            asking = Asking(server.url, questions, clients)
            async with asking:
                began = time.monotonic()
                await asyncio.sleep(calm_s)
                await postgres.stop()
                gone = time.monotonic()
                most_rows, most_bytes = await _watched(server, away_s)
                back = time.monotonic()
                await postgres.start()
                await asyncio.sleep(calm_s)
                asking.stop()
                ended = time.monotonic()
            caught_up = await _caught_up(server)
            dropped = await server.metric("forethought_store_rows_dropped_total")
            refused = await server.metric("forethought_store_rows_refused_total")
        runs = await runs_of(postgres.url)
    book = asking.book
    lost = missing(book.answers, runs)
    spans = (("before", began, gone), ("during", gone, back), ("after", back, ended))
    return Told(
        lines=[
            f"PostgreSQL was away for {back - gone:.1f} s under {clients} clients",
            *(_of_span(name, book.answers, since, until) for name, since, until in spans),
            f"replies that failed: {len(book.refused)} refused, {book.broken} broken",
            *book.refused[:5],
            f"at most {most_rows:,.0f} rows waited, {most_bytes / 1e6:.1f} MB in the journal",
            f"all were written {caught_up:.1f} s after the load had ended",
            f"rows refused {refused:.0f}, dropped {dropped:.0f}",
            f"the database has {len(runs)} runs: {statuses(runs)}",
            f"answers without their whole trace: {len(lost)} of {len(book.answers)}",
            *lost[:20],
        ],
        lost=len(lost) + len(book.refused) + book.broken,
    )


async def _watched(server: Server, seconds: float) -> tuple[float, float]:
    """Return the most rows that waited in the time, and the most bytes of the journal."""
    until = time.monotonic() + seconds
    rows = size = 0.0
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(1.0, left))
        rows = max(rows, await server.metric(WAITING))
        size = max(size, await server.metric("forethought_store_journal_bytes"))
    return rows, size


async def _caught_up(server: Server) -> float:
    """Return how long it took until no row waited any more."""
    began = time.monotonic()
    async with asyncio.timeout(CATCH_UP_S):
        while await server.metric(WAITING):  # noqa: ASYNC110  # another process has no event
            await asyncio.sleep(0.1)
    return time.monotonic() - began


def _of_span(name: str, answers: Sequence[Got], since: float, until: float) -> str:
    seconds = [got.seconds for got in answers if since <= got.at_s < until]
    if not seconds:
        return f"{name}: no answers"
    rate = len(seconds) / (until - since)
    median, worst = statistics.median(seconds), max(seconds)
    return f"{name}: {len(seconds)} answers, {rate:.1f} a second, median {median:.3f} s, worst {worst:.3f} s"
