import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from forethought.storage import tables
from forethought.storage.database import open_engine
from forethought.storage.lease_tables import Lease
from forethought.storage.liveness import writer_id
from forethought.storage.recorder import utc_now
from forethought.storage.rows import table_of
from forethought.storage.store import Store
from forethought.storage.watch import Watch
from recorded_runs import ANSWER, INFO

pytestmark = pytest.mark.anyio
LEASE, TRACE = table_of(Lease), table_of(tables.Trace)
ELSEWHERE = "elsewhere:1:1"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await Store.open(url)
    yield opened
    await opened.close()


@pytest.fixture
async def engine(url: str, store: Store) -> AsyncIterator[AsyncEngine]:
    made = open_engine(url)
    yield made
    await made.dispose()


async def run_of(store: Store, engine: AsyncEngine, writer: str) -> str:
    """Leave a run that another process seems to be busy with."""
    recorder = store.begin(INFO)
    await store.drain()
    async with engine.begin() as connection:
        mine = TRACE.c.id == recorder.trace_id
        await connection.execute(update(TRACE).where(mine).values(writer=writer))
    return recorder.trace_id


async def lease_of(engine: AsyncEngine, writer: str, *, age_s: float) -> None:
    then = utc_now() - timedelta(seconds=age_s)
    async with engine.begin() as connection:
        await connection.execute(insert(LEASE).values(id=writer, started_at=then, beat_at=then))


async def turn(engine: AsyncEngine, watch: Watch) -> None:
    async with engine.execution_options(immediate=True).begin() as connection:
        await watch.turn(connection)


async def leases(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return sorted(await connection.scalars(select(LEASE.c.id)))


async def status_of(store: Store, trace_id: str) -> str:
    return (await store.read_trace(trace_id)).trace.status


async def test_a_run_of_another_host_is_marked_once_its_lease_has_run_out(
    store: Store, engine: AsyncEngine
) -> None:
    trace_id = await run_of(store, engine, ELSEWHERE)
    await lease_of(engine, ELSEWHERE, age_s=300)
    await turn(engine, Watch(gone_s=0))
    assert await status_of(store, trace_id) == "interrupted"


async def test_a_run_whose_process_still_beats_or_never_did_is_left_alone(
    store: Store, engine: AsyncEngine
) -> None:
    beating = await run_of(store, engine, ELSEWHERE)
    unknown = await run_of(store, engine, "other:1:1")
    await lease_of(engine, ELSEWHERE, age_s=-300)
    await turn(engine, Watch(gone_s=0))
    assert [await status_of(store, t) for t in (beating, unknown)] == ["running", "running"]


async def test_who_has_just_come_or_just_lost_the_database_judges_nobody(
    store: Store, engine: AsyncEngine
) -> None:
    trace_id = await run_of(store, engine, ELSEWHERE)
    await lease_of(engine, ELSEWHERE, age_s=3600)
    watch = Watch(gone_s=1800)
    await turn(engine, watch)
    watch.lost()
    await turn(engine, watch)
    assert await status_of(store, trace_id) == "running"


async def test_a_run_that_was_marked_in_error_is_put_right_by_its_end(
    store: Store, engine: AsyncEngine
) -> None:
    recorder = store.begin(INFO)
    await store.drain()
    async with engine.begin() as connection:
        await connection.execute(update(TRACE).values(status="interrupted"))
    recorder.finish(ANSWER)
    await store.drain()
    assert await status_of(store, recorder.trace_id) == "finished"


async def test_its_own_lease_beats_again_and_old_ones_are_forgotten(
    store: Store, engine: AsyncEngine
) -> None:
    await lease_of(engine, ELSEWHERE, age_s=2 * 24 * 3600)
    watch = Watch(gone_s=0)
    await turn(engine, watch)
    await turn(engine, watch)
    assert await leases(engine) == [writer_id()]


async def test_a_store_that_watches_has_a_lease_and_gives_it_back(url: str) -> None:
    store = await Store.open(url)
    engine = open_engine(url)
    store.watch()
    while not await leases(engine):
        pass
    await store.close()
    assert await leases(engine) == []
    await engine.dispose()


CHILD = """
import asyncio, os, signal, sys
from recorded_runs import INFO, tell_beginning, tell_run
from forethought.storage.store import Store

async def main():
    store = await Store.open(sys.argv[1])
    done, open_ = store.begin(INFO), store.begin(INFO)
    await tell_beginning(open_)
    await tell_run(done)  # the answer is given; the database has had no turn yet
    print(done.trace_id, open_.trace_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_process_killed_right_after_an_answer_leaves_its_whole_trace_to_the_next_start(
    url: str,
) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, url),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    told, _ = await child.communicate()
    assert child.returncode == -signal.SIGKILL
    done, unfinished = told.decode().split()
    store = await Store.open(url)
    detail, left = await store.read_trace(done), await store.read_trace(unfinished)
    await store.close()
    assert (detail.trace.status, detail.trace.answer) == ("finished", "42")
    assert (len(detail.candidates), len(detail.verdicts), len(detail.calls)) == (6, 2, 3)
    assert (left.trace.status, [s.key for s in left.steps]) == ("interrupted", ["s1-1", "s1-0"])
