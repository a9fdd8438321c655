"""Adds up stored runs that have no tally: those of before there were any, and those that were killed.

A few hundred runs at a time, each time in a transaction of its own, so that nobody waits long and what is
done stays done. Runs that go on are left alone: their recorder adds them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import tables
from .branches import branch_of, stretch_of
from .rows import Values, insert_new, table_of
from .tally import tally

AT_ONCE = 200
ENDED = ("finished", "failed", "cancelled", "interrupted")
KILLED = ("interrupted",)
"""Those that no recorder added up; few, and found by an index."""


async def fill_tallies(engine: AsyncEngine, statuses: Sequence[str] = ENDED) -> int:
    """Add up every run of these statuses that has no tally, and return how many there were."""
    done = 0
    while True:
        async with engine.connect() as connection:  # needs no lock where there is nothing to do
            missing = await _missing(connection, statuses)
        if not missing:
            return done
        async with engine.execution_options(immediate=True).begin() as connection:
            sums = await tallies_of(connection, missing)
            await connection.execute(insert_new(connection, tables.Tally), sums)
        done += len(missing)


async def _missing(connection: AsyncConnection, statuses: Sequence[str]) -> Sequence[str]:
    trace, tallied = table_of(tables.Trace), table_of(tables.Tally)
    query = (
        select(trace.c.id)
        .outerjoin(tallied, tallied.c.trace_id == trace.c.id)
        .where(tallied.c.trace_id.is_(None), trace.c.status.in_(statuses))
        .limit(AT_ONCE)
    )
    return list(await connection.scalars(query))


async def tallies_of(connection: AsyncConnection, ids: Sequence[str]) -> list[dict[str, object]]:
    """Return the tally of each of these runs."""
    trace, verdict = table_of(tables.Trace), table_of(tables.Verdict)
    chosen = select(trace.c.id, trace.c.candidate_key).where(trace.c.id.in_(ids))
    first = select(verdict.c.trace_id, verdict.c.winner)
    first = first.where(verdict.c.trace_id.in_(ids), verdict.c.seq == 0)
    steps = await _rows(connection, tables.Step, ids, "key", "parent_key", "n_tokens")
    candidates = await _rows(
        connection,
        tables.Candidate,
        ids,
        *("key", "parent_key", "leaf_step_key", "origin", "ending"),
        *("n_tokens", "answer_key", "score"),
    )
    winners: dict[str, str | None] = {r[0]: r[1] for r in await connection.execute(first)}
    return [
        {
            "trace_id": trace_id,
            **_tally(
                steps.get(trace_id, []),
                candidates.get(trace_id, []),
                candidate_key,
                winners.get(trace_id),
            ),
        }
        for trace_id, candidate_key in await connection.execute(chosen)
    ]


def _tally(
    steps: Sequence[RowMapping],
    candidates: Sequence[RowMapping],
    chosen: str | None,
    first_winner: str | None,
) -> Values:
    return tally(
        {row["key"]: stretch_of(row) for row in _named(steps)},
        [branch_of(row["key"], row) for row in _named(candidates)],
        chosen=chosen,
        first_winner=first_winner,
    )


def _named(rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows]


async def _rows(
    connection: AsyncConnection, model: type[tables.Base], ids: Sequence[str], *columns: str
) -> dict[str, list[RowMapping]]:
    """Return rows by trace, each in the order they were found."""
    table = table_of(model)
    query = select(table.c.trace_id, *(table.c[name] for name in columns))
    query = query.where(table.c.trace_id.in_(ids)).order_by(table.c.trace_id, table.c.seq)
    rows = (await connection.execute(query)).mappings()
    return {key: list(found) for key, found in groupby(rows, lambda row: str(row["trace_id"]))}
