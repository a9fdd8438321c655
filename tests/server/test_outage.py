"""The service while its database takes nothing: every question is answered, and every trace comes later."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from forethought.storage.store import Store
from observed_service import observed_service

pytestmark = pytest.mark.anyio


def never_agrees(prompt: str, k: int) -> str:
    return f"## Step 1: 17 + 25.\n\nThe final answer is: \\boxed{{{1000 + k}}}"


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Hold the write lock of a SQLite file; it is waited for in a thread, so that a writer of this loop can let go."""
    other = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_questions_are_answered_while_the_database_takes_nothing(tmp_path: Path) -> None:
    async with observed_service(tmp_path, never_agrees) as it:
        await it.engine.ready()
        async with locked(tmp_path / "traces.db"):
            replies = await asyncio.gather(*(it.ask(stream=n % 2 > 0) for n in range(6)))
            told = await it.scraped()
        await it.engine.store.drain()
        after = await it.scraped()
        traces = await it.engine.store.list_traces()
    assert [reply.status_code for reply in replies] == [200] * 6
    assert told["forethought_store_rows_waiting"][()] > 6
    assert told["forethought_store_journal_bytes"][()] > 1000
    assert after["forethought_store_rows_waiting"][()] == 0
    assert after["forethought_store_rows_dropped_total"][()] == 0
    answered = {reply.headers["x-forethought-trace-id"] for reply in replies}
    assert {trace.id for trace in traces if trace.status == "finished"} == answered


async def test_a_server_that_stops_meanwhile_leaves_the_traces_to_the_next_start(
    tmp_path: Path,
) -> None:
    database = tmp_path / "traces.db"
    async with observed_service(tmp_path, never_agrees) as it:
        await it.engine.ready()
        async with locked(database):
            reply = await it.ask()
            await it.engine.store.close(limit_s=0.05)
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    detail = await store.read_trace(reply.headers["x-forethought-trace-id"])
    await store.close()
    assert (detail.trace.status, len(detail.candidates)) == ("finished", 4)
    assert not list((tmp_path / "traces.db.journal").iterdir())
