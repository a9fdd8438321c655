import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forethought.nodes.errors import StoreError
from forethought.storage import tables
from forethought.storage.backlog import Backlog
from forethought.storage.database import open_engine
from forethought.storage.journal_lines import to_line
from forethought.storage.migrations import upgrade
from forethought.storage.recovery import new_journal, recover
from forethought.storage.refused import RefusedLog
from forethought.storage.rows import Change
from forethought.storage.writer import Begin, Writer
from stored_rows import change, step, trace

pytestmark = pytest.mark.anyio


def file_of(url: str) -> Path:
    database = make_url(url).database
    assert database is not None
    return Path(database)


def count(url: str, table: str) -> int:
    connection = sqlite3.connect(file_of(url))
    try:
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    finally:
        connection.close()
    return int(found)


@pytest.fixture
async def engine(sqlite_url: str, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    made = open_engine(sqlite_url, busy_timeout_s=0)
    await upgrade(made)
    yield made
    await made.dispose()


class Failing:
    """Opens transactions, but the first `failures` times it fails like a database."""

    def __init__(self, engine: AsyncEngine, failures: int) -> None:
        self._engine = engine
        self.left = failures
        self.tries = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncConnection]:
        self.tries += 1
        async with self._engine.begin() as connection:
            if self.left:
                self.left -= 1
                raise OperationalError("BEGIN", {}, Exception("server is gone"))
            yield connection


async def test_ten_thousand_rows_are_written_in_few_transactions(
    engine: AsyncEngine, sqlite_url: str
) -> None:
    begin = Failing(engine, 0)
    writer = Writer(begin)
    writer.add(trace("t"))
    for number in range(10_000):
        writer.add(step("t", number))
    await writer.drain()
    assert writer.waiting == 0
    assert count(sqlite_url, "step") == 10_000
    assert begin.tries == 2
    await writer.aclose()


async def test_an_outage_loses_nothing_and_is_logged_once(
    engine: AsyncEngine, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    begin = Failing(engine, 5)
    writer = Writer(begin, retry_s=0)
    writer.add(trace("t"))
    writer.add(step("t", 0))
    await writer.drain()
    assert begin.tries == 6
    assert count(sqlite_url, "step") == 1
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [r.getMessage().partition(":")[0] for r in errors] == [
        "the trace database fails, 2 rows wait (traces t)"
    ]
    assert "is back" in caplog.text
    await writer.aclose()


async def test_rows_wait_for_a_locked_file_and_run_goes_on(
    engine: AsyncEngine, sqlite_url: str
) -> None:
    other = sqlite3.connect(file_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tries = 0

    @event.listens_for(engine.sync_engine, "handle_error")
    def let_go(context: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            other.execute("COMMIT")

    writer = Writer(engine.execution_options(immediate=True).begin, retry_s=0)
    writer.add(trace("t"))
    await writer.drain()
    assert tries == 3
    assert count(sqlite_url, "trace") == 1
    other.close()
    await writer.aclose()


async def test_a_commit_whose_confirmation_got_lost_is_repeated_without_harm(
    engine: AsyncEngine, sqlite_url: str
) -> None:
    lost = False

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncConnection]:
        nonlocal lost
        async with engine.begin() as connection:
            yield connection
        if not lost:
            lost = True
            raise OperationalError("COMMIT", {}, Exception("connection reset"))

    writer = Writer(begin, retry_s=0)
    writer.add(trace("t"))
    writer.add(step("t", 0))
    writer.add(
        Change(
            model=tables.Step,
            trace_id="t",
            key={"trace_id": "t", "key": "s-0"},
            values={"score": 0.9},
        )
    )
    await writer.drain()
    assert count(sqlite_url, "step") == 1
    assert count(sqlite_url, "step WHERE score = 0.9") == 1
    await writer.aclose()


async def test_a_row_that_is_refused_costs_only_itself(
    engine: AsyncEngine, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(engine.begin)
    writer.add(trace("good"))
    for number in range(100):
        writer.add(step("good", number))
    writer.add(step("good", 100, None))  # NOT NULL
    writer.add(step("nobody", 0))  # no such trace
    for number in range(101, 200):
        writer.add(step("good", number))
    await writer.drain()
    assert writer.refused == 2
    assert count(sqlite_url, "step") == 199
    refusals = [r.getMessage().partition(" was")[0] for r in caplog.records]
    assert refusals == ["a row of trace good", "a row of trace nobody"]
    await writer.aclose()


async def test_closing_writes_what_waits(engine: AsyncEngine, sqlite_url: str) -> None:
    writer = Writer(engine.begin, interval_s=3600)
    writer.add(trace("t"))
    await writer.aclose()
    assert count(sqlite_url, "trace") == 1


async def test_closing_without_a_database_says_how_much_was_lost(engine: AsyncEngine) -> None:
    writer = Writer(Failing(engine, 1_000_000), retry_s=3600)
    for name in ("a", "b"):
        writer.add(trace(name))
    with pytest.raises(StoreError, match=r"2 rows were lost.*\(traces a, b\)"):
        await writer.aclose(limit_s=0.01)
    with pytest.raises(StoreError, match="closed"):
        await writer.drain()


async def test_a_row_after_the_end_is_logged(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(engine.begin)
    await writer.aclose()
    writer.add(trace("late"))
    assert "trace late came after the store was closed" in caplog.text


def on_disk(begin: Begin, journals: Path, *, bound_rows: int = 100) -> Writer:
    backlog = Backlog(partial(new_journal, journals, max_bytes=1_000_000), bound_rows=bound_rows)
    return Writer(begin, backlog, refused=RefusedLog(journals / "refused.log"), retry_s=0)


async def test_an_outage_with_more_rows_than_memory_holds_keeps_their_order_and_doubles_none(
    engine: AsyncEngine, sqlite_url: str, tmp_path: Path
) -> None:
    begin = Failing(engine, 4)
    writer = on_disk(begin, tmp_path / "journals", bound_rows=10)
    writer.add(trace("t"))
    for number in range(3000):
        writer.add(step("t", number))
    writer.add(change("t", status="failed"))
    writer.add(change("t", status="finished"))
    writer.flush()
    assert writer.lag.rows == 3003 and writer.lag.journal_bytes > 300_000
    await writer.drain()
    assert count(sqlite_url, "step") == 3000
    assert count(sqlite_url, "trace WHERE status = 'finished'") == 1
    lag = writer.lag
    assert (lag.rows, lag.oldest_s, lag.journal_bytes, lag.failing) == (0, 0.0, 0, False)
    await writer.aclose()
    assert list((tmp_path / "journals").iterdir()) == []


async def test_what_the_database_did_not_take_by_the_end_is_written_by_the_next_start(
    engine: AsyncEngine, sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = on_disk(Failing(engine, 1_000_000), tmp_path / "journals")
    writer.add(trace("t"))
    writer.add(step("t", 0))
    await writer.aclose(limit_s=0.01)
    await writer.aclose()
    assert "2 rows of traces wait in the journal for the next start" in caplog.text
    assert count(sqlite_url, "trace") == 0
    await recover(engine.begin, tmp_path / "journals")
    assert (count(sqlite_url, "trace"), count(sqlite_url, "step")) == (1, 1)
    await recover(engine.begin, tmp_path / "journals")
    assert list((tmp_path / "journals").iterdir()) == []


async def test_a_row_that_is_refused_is_kept_for_a_person(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    writer = on_disk(engine.begin, tmp_path / "journals")
    row = step("nobody", 0)
    writer.add(trace("t"))
    writer.add(row)
    await writer.drain()
    await writer.aclose()
    assert writer.lag.refused == 1
    assert (tmp_path / "journals" / "refused.log").read_bytes() == to_line(row)


async def test_a_transaction_that_hangs_is_given_up_and_tried_again(
    engine: AsyncEngine, sqlite_url: str
) -> None:
    tries = 0

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncConnection]:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()
        async with engine.begin() as connection:
            yield connection

    writer = Writer(begin, retry_s=0, batch_limit_s=0.01)
    writer.add(trace("t"))
    await writer.drain()
    assert tries > 1
    assert count(sqlite_url, "trace") == 1
    await writer.aclose()
