"""Fills a database with made runs and with an evaluation that asked some of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from forethought.storage.database import open_engine
from forethought.storage.learning_tables import METADATA
from forethought.storage.migrations import upgrade

from .runs import FIRST_DAY, MadeRun, Row, made_runs

AT_ONCE = 500
ORDER = (
    *("trace", "step", "candidate", "verdict", "vote"),
    *("call", "usage", "node_run", "tally", "grade", "evaluation_item"),
)
EVALUATED = 1319


async def fill(url: str, traces: int, steps: int, seed: int) -> None:
    """Fill the database at `url`, which is made and must hold no traces, and print what it holds."""
    engine = open_engine(url)
    await upgrade(engine)
    begin = time.perf_counter()
    runs = made_runs(traces, steps, seed)
    async with engine.begin() as connection:
        if await connection.scalar(select(func.count()).select_from(METADATA.tables["trace"])):
            raise SystemExit("the database holds traces already")
        await connection.execute(
            METADATA.tables["evaluation"].insert(), [_evaluation(n) for n in range(3)]
        )
    done = 0
    while block := list(islice(runs, AT_ONCE)):
        async with engine.begin() as connection:
            await _write(connection, block, done)
        done += len(block)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
        for name in ORDER:
            table = METADATA.tables[name]
            count = await connection.scalar(select(func.count()).select_from(table))
            print(f"{name:16} {count:>9,}")
    await engine.dispose()
    print(f"filled in {time.perf_counter() - begin:.1f} s")


async def _write(connection: AsyncConnection, block: Sequence[MadeRun], done: int) -> None:
    rows: dict[str, list[Row]] = {name: [] for name in ORDER}
    for at, run in enumerate(block, start=done):
        rows["trace"].append(run.trace)
        for name, hanging in run.rows.items():
            rows[name].extend(hanging)
        if at < 3 * EVALUATED:
            rows["evaluation_item"].append(_item(run, at))
    for name in ORDER:
        if rows[name]:
            await connection.execute(METADATA.tables[name].insert(), rows[name])


def _evaluation(number: int) -> Row:
    return {
        "id": f"made-{number}",
        "name": f"made-{number}",
        "created_at": FIRST_DAY,
        "data": "made.jsonl",
        "data_hash": "made",
        "settings": {},
    }


def _item(run: MadeRun, at: int) -> Row:
    trace = run.trace
    return {
        "evaluation_id": f"made-{at // EVALUATED}",
        "question_id": str(at % EVALUATED),
        "trace_id": trace["id"],
        "created_at": trace["finished_at"],
        "is_right": trace["answer"] == str(at % EVALUATED * 7 % 997),
        "answer": trace["answer"],
        "error": None,
        "kind": trace["kind"],
        "level_by_data": None,
    }
