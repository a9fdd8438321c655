import asyncio
import os
import signal
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from forethought.nodes.errors import StoreError
from forethought.nodes.needs import Needs
from forethought.nodes.policy.document import Scope
from forethought.nodes.values import Message
from forethought.storage import tables
from forethought.storage.database import open_engine
from forethought.storage.liveness import is_dead, writer_id
from forethought.storage.queries import TREE_SQL, tree_sql
from forethought.storage.rows import table_of
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO, QUESTION, tell_beginning, tell_run

pytestmark = pytest.mark.anyio

CHILD = """
import asyncio, sys
from recorded_runs import INFO, tell_beginning
from forethought.storage.store import Store

async def main():
    store = await Store.open(sys.argv[1])
    recorder = store.begin(INFO)
    await tell_beginning(recorder)
    await store.drain()
    print(recorder.trace_id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def stored_run(url: str) -> str:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_run(recorder)
    await store.close()
    return recorder.trace_id


async def rows_of(url: str, sql: str, **values: object) -> list[tuple[object, ...]]:
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(text(sql), values)]
    await engine.dispose()
    return found


async def test_a_run_is_read_back_whole(url: str) -> None:
    trace_id = await stored_run(url)
    store = await Store.open(url)
    detail = await store.read_trace(trace_id)
    await store.close()
    trace = detail.trace
    assert (trace.status, trace.answer, trace.stop_reason) == ("finished", "42", "completed")
    assert trace.created_at.utcoffset() is not None and trace.finished_at is not None
    assert trace.created_at <= trace.finished_at
    assert (trace.difficulty_level, trace.difficulty_samples) == (3, 2)
    assert (trace.max_generations, trace.max_tokens, trace.deadline_s) == (16, 4000, 30.0)
    assert (trace.completion_tokens, trace.reasoning_tokens, trace.calls) == (70, 60, 5)
    assert trace.messages[0] == {"role": "system", "content": "Think."}
    assert (trace.strategy, trace.policy, trace.faults) == ("beam_search", "builtin-1", ["slow"])
    (plan,) = trace.plans
    assert plan["numbers"] == {"n": 4, "m": 2, "selection": "weighted", "name": "beam_search"}
    assert (plan["level"], plan["revisions"]["length"]) == (3, 1)
    assert [c.key for c in detail.candidates] == [
        "pilot-0",
        "pilot-1",
        "s1-1",
        "s1-0.0",
        "s1-0.1",
        "revision-0",
    ]
    assert detail.candidates[-1].attempts == ["s1-0.1", "s1-0.0"]
    assert [(v.seq, v.winner) for v in detail.verdicts] == [(0, "s1-0.0"), (1, "s1-0.0")]
    assert [(v.verdict_seq, v.rank, v.answer) for v in detail.votes] == [
        (0, 0, "42"),
        (0, 1, "41"),
        (1, 0, "42"),
        (1, 1, "41"),
    ]
    assert detail.votes[2].members == ["s1-0.0", "revision-0", "pilot-0"]
    assert [(c.role, c.kind, c.fault) for c in detail.calls] == [
        ("generator", "sample", None),
        ("generator", "continue", "slow"),
        ("verifier", "score", None),
    ]
    assert [(u.role, u.calls, u.completion_tokens, u.verifier_tokens) for u in detail.usage] == [
        ("generator", 2, 40, 0),
        ("verifier", 1, 0, 30),
    ]
    assert [n.node for n in detail.nodes] == [
        "estimate",
        "plan",
        "search",
        "search",
        "verify",
        "revise",
        "verify",
        "answer",
    ]


async def test_what_was_needed_is_read_back(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(replace(INFO, needs=Needs(seconds=9.5)))
    recorder.finish(replace(ANSWER, probability=0.75, needs_met=False))
    plain = store.begin(INFO)
    plain.finish(ANSWER)
    await store.drain()
    trace = (await store.read_trace(recorder.trace_id)).trace
    other = (await store.read_trace(plain.trace_id)).trace
    listed = await store.list_traces()
    await store.close()
    assert trace.needs == {"confidence": None, "seconds": 9.5, "tokens": None}
    assert (trace.needs_met, trace.probability) == (False, 0.75)
    assert (other.needs, other.needs_met, other.probability) == (None, None, None)
    assert [summary.probability for summary in listed] == [None, 0.75]
    empty = "SELECT count(*) FROM trace WHERE needs IS NULL"
    assert await rows_of(url, empty) == [(1,)]


async def test_plain_sql_prints_the_tree_of_a_beam_search(url: str) -> None:
    trace_id = await stored_run(url)
    tree = [
        (0, "s1-1", 0.2, "6 x 7 is 6 + 7.", "s1-1", "pruned", None, False),
        (0, "s1-0", 0.9, "6 x 7 is 7 six times.", None, None, None, False),
        (1, "s1-0.0", 0.95, "So it is 42.", "s1-0.0", "whole", "42", True),
        (1, "s1-0.1", 0.3, "So it is 41.", "s1-0.1", "whole", "41", False),
        (0, "revision-0.0", 0.8, "Checking: 42.", "revision-0", "whole", "42", False),
    ]
    assert await rows_of(url, TREE_SQL, id=trace_id) == tree
    assert await rows_of(url, tree_sql(trace_id).rstrip(";")) == tree


async def test_a_beginning_that_branches_share_is_stored_once(url: str) -> None:
    trace_id = await stored_run(url)
    sql = "SELECT count(*), count(DISTINCT text) FROM step WHERE trace_id = :id"
    assert await rows_of(url, sql, id=trace_id) == [(5, 5)]


async def test_nothing_but_an_id_gets_into_the_sql() -> None:
    with pytest.raises(ValueError, match="not an id"):
        tree_sql("'; DROP TABLE trace; --")


async def test_a_trace_that_is_deleted_takes_its_rows_along(url: str) -> None:
    trace_id = await stored_run(url)
    engine = open_engine(url)
    async with engine.begin() as connection:
        table = table_of(tables.Trace)
        await connection.execute(delete(table).where(table.c.id == trace_id))
    await engine.dispose()
    for model in tables.WRITE_ORDER:
        assert await rows_of(url, f"SELECT count(*) FROM {model.__tablename__}") == [(0,)]


async def test_a_killed_process_leaves_what_it_had_and_the_next_open_says_so(url: str) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        url,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    trace_id = (await child.stdout.readline()).decode().strip()
    store = await Store.open(url)
    assert (await store.read_trace(trace_id)).trace.status == "running"
    await store.close()
    child.send_signal(signal.SIGKILL)
    await child.wait()

    store = await Store.open(url)
    detail = await store.read_trace(trace_id)
    assert [t.id for t in await store.list_traces(status="interrupted")] == [trace_id]
    await store.close()
    assert detail.trace.status == "interrupted"
    assert detail.trace.finished_at is None
    assert detail.trace.difficulty_level == 3
    assert [s.key for s in detail.steps] == ["s1-1", "s1-0"]
    assert [c.key for c in detail.candidates] == ["pilot-0", "pilot-1", "s1-1"]
    assert len(detail.calls) == 3


async def test_runs_that_are_open_when_the_store_closes_are_interrupted(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_beginning(recorder)
    await store.close()
    store = await Store.open(url)
    trace = (await store.read_trace(recorder.trace_id)).trace
    await store.close()
    assert (trace.status, trace.completion_tokens) == ("interrupted", 40)
    assert trace.finished_at is not None


async def test_a_second_store_in_the_same_process_leaves_running_runs_alone(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await store.drain()
    reader = await Store.open(url)
    assert (await reader.read_trace(recorder.trace_id)).trace.status == "running"
    await reader.close()
    recorder.finish(ANSWER)
    await store.close()


async def test_a_writer_is_dead_only_when_this_host_can_tell() -> None:
    host, pid, start = writer_id().rsplit(":", 2)
    assert not is_dead(writer_id())
    assert is_dead(f"{host}:{pid}:{int(start) + 1}")
    assert not is_dead(f"elsewhere:{pid}:1")
    assert not is_dead(f"{host}:{os.getppid()}:1")


async def test_traces_are_read_while_another_process_writes(
    sqlite_url: str, tmp_path: Path
) -> None:
    trace_id = await stored_run(sqlite_url)
    other = sqlite3.connect(tmp_path / "traces.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE trace SET answer = 'not yet'")
    store = await Store.open(sqlite_url)
    assert (await store.read_trace(trace_id)).trace.answer == "42"
    await store.close()
    other.execute("ROLLBACK")
    other.close()


async def test_traces_are_listed_newest_first_and_found_by_the_beginning_of_their_id(
    url: str,
) -> None:
    store = await Store.open(url)
    assert await store.list_traces() == []
    recorders = [store.begin(INFO) for _ in range(3)]
    recorders[0].finish(ANSWER)
    await store.drain()
    ids = [recorder.trace_id for recorder in recorders]
    assert [t.id for t in await store.list_traces(2)] == [ids[2], ids[1]]
    assert [t.id for t in await store.list_traces(status="finished")] == [ids[0]]
    assert (await store.read_trace(ids[0].upper())).trace.id == ids[0]
    assert (await store.read_trace(ids[1][:-1])).trace.id == ids[1]
    with pytest.raises(StoreError, match=f"several traces begin with '0': {ids[0]}, "):
        await store.read_trace("0")
    for unknown in ("", "nothing", "%"):
        with pytest.raises(StoreError, match="there is no trace"):
            await store.read_trace(unknown)
    await store.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not a url", "not a database URL"),
        ("mysql://host/traces", "SQLite or PostgreSQL"),
        ("sqlite:////proc/nowhere/traces.db", "cannot be made"),
        ("sqlite:////", "cannot be opened"),
    ],
)
async def test_a_database_that_cannot_be_used_is_one_clear_error(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        await Store.open(url)


async def test_a_database_that_fails_later_is_one_clear_error_without_the_statement(
    url: str,
) -> None:
    store = await Store.open(url)
    await store.close()
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE activation"))
    await engine.dispose()
    store = await Store.open(url)
    with pytest.raises(StoreError, match=r"activations cannot be read: .*activation") as read:
        await store.list_activations()
    with pytest.raises(StoreError, match=r"the rollback cannot be written: .*activat") as written:
        await store.rollback(Scope())
    await store.close()
    assert "SQL" not in f"{read.value}{written.value}"


async def test_what_a_model_writes_is_never_refused(url: str) -> None:
    nasty = replace(QUESTION, messages=(Message("user", "a\x00b \ud800 é 漢"),))
    store = await Store.open(url)
    recorder = store.begin(replace(INFO, question=nasty))
    await store.drain()
    trace = (await store.read_trace(recorder.trace_id)).trace
    await store.close()
    assert trace.question == "a\ufffdb \ufffd é 漢"
    assert trace.messages == [{"role": "user", "content": "a\ufffdb \ufffd é 漢"}]
