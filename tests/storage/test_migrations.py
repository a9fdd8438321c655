import asyncio
import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from forethought.nodes.errors import StoreError
from forethought.storage import analysis
from forethought.storage.database import open_engine
from forethought.storage.grades import NewGrade
from forethought.storage.idempotency_tables import IdempotencyKey
from forethought.storage.key_tables import ApiKey
from forethought.storage.keys import NewKey
from forethought.storage.learning_tables import (
    METADATA,
    Activation,
    Evaluation,
    EvaluationItem,
    Grade,
    Policy,
)
from forethought.storage.lease_tables import Lease
from forethought.storage.migrations import VERSION_TABLE, Upgrade, head, upgrade
from forethought.storage.rows import table_of
from forethought.storage.shared_tables import Cancellation, KeyAccount
from forethought.storage.store import Store
from forethought.storage.tables import WRITE_ORDER
from recorded_runs import INFO, tell_run

pytestmark = pytest.mark.anyio
SHARED = (KeyAccount, Cancellation)
UPGRADE = """
import asyncio, sys
from forethought.storage.database import open_engine
from forethought.storage.migrations import upgrade
async def main():
    engine = open_engine(sys.argv[1])
    print((await upgrade(engine)).before)
    await engine.dispose()
asyncio.run(main())
"""
LEARNED = (Policy, Activation, Grade, Evaluation, EvaluationItem)


def differences(connection: Connection) -> list[object]:
    options = {"version_table": VERSION_TABLE, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


async def test_migrations_give_the_schema_of_the_models(url: str) -> None:
    engine = open_engine(url)
    done = await upgrade(engine)
    assert done == Upgrade(before=None, after=head())
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_table_of_a_trace_has_its_place_in_the_order_of_writing() -> None:
    others = {table_of(model) for model in (*LEARNED, *SHARED, ApiKey, IdempotencyKey, Lease)}
    assert {table_of(model) for model in WRITE_ORDER} == set(METADATA.tables.values()) - others
    seen: set[str] = set()
    for model in WRITE_ORDER:
        seen.add(model.__tablename__)
        for key in METADATA.tables[model.__tablename__].foreign_keys:
            assert key.column.table.name in seen


async def test_upgrading_again_changes_nothing_and_keeps_rows(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_run(recorder)
    await store.drain()
    before = await store.read_trace(recorder.trace_id)
    await store.close()
    engine = open_engine(url)
    version = head()
    assert await upgrade(engine) == Upgrade(before=version, after=version)
    await engine.dispose()
    store = await Store.open(url)
    assert await store.read_trace(recorder.trace_id) == before
    await store.close()


async def test_from_the_first_schema_with_rows_to_the_newest(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine, "0001")
    insert = (
        "INSERT INTO trace (id, created_at, status, writer, face, model, effort, kind, question,"
        " messages, max_generations, sampling, plans, faults) VALUES ('t', '2026-01-01 00:00:00',"
        " 'finished', 'h:1:1', 'cli', 'm', 'low', 'math', 'q', '[]', 4, '{}', '[]', '[]')"
    )
    async with engine.begin() as connection:
        await connection.execute(text(insert.replace(":", r"\:")))
    await upgrade(engine)
    await engine.dispose()
    store = await Store.open(url)
    (summary,) = await store.list_traces()
    assert (summary.id, summary.question, summary.probability) == ("t", "q", None)
    trace = (await store.read_trace("t")).trace
    assert (trace.needs, trace.needs_met, trace.probability) == (None, None, None)
    await store.add_grades([NewGrade(trace_id="t", grader="person:anna", score=1.0)])
    (grade,) = await store.grades_of("t")
    assert (grade.grader, grade.score) == ("person:anna", 1.0)
    owner = await store.owner_of_run("t")
    assert owner is not None and (owner.status, owner.key_id) == ("finished", None)
    made = await store.create_key(NewKey(name="anna"))
    assert await store.find_key(made.secret) == made.key
    await store.close()


async def test_from_the_first_schema_without_rows_to_that_of_the_models(url: str) -> None:
    engine = open_engine(url)
    assert (await upgrade(engine, "0001")).after == "0001"
    assert await upgrade(engine) == Upgrade(before="0001", after=head())
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_several_processes_upgrade_at_once(url: str) -> None:
    engines = [open_engine(url) for _ in range(4)]
    done = await asyncio.gather(*(upgrade(engine) for engine in engines))
    assert len({upgraded.after for upgraded in done}) == 1
    assert sum(upgraded.before is None for upgraded in done) == 1
    for engine in engines:
        await engine.dispose()


async def test_processes_that_start_at_once_on_an_empty_database_all_find_it_ready(
    url: str,
) -> None:
    starting = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            UPGRADE,
            url,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(2)
    ]
    told = [(await process.communicate())[0].decode() for process in starting]
    assert [process.returncode for process in starting] == [0, 0]
    assert sorted(line.strip() == "None" for line in told) == [False, True]
    engine = open_engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(analysis.are_current)
    await engine.dispose()


async def test_a_failed_migration_leaves_the_database_as_it_was(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE vote (x INTEGER)"))
    with pytest.raises(StoreError, match="cannot be opened"):
        await upgrade(engine)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert names == ["vote"]
    await engine.dispose()


async def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer"):
        await upgrade(engine)
    await engine.dispose()
