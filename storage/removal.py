"""Takes old traces, or the texts of traces, out of the database.

Runs that go on are left alone. A few hundred traces at a time, each time in a transaction of its own, so
that whoever writes meanwhile waits a moment and not for all of it; what was done stays done where it is
broken off. In SQLite what is taken out is overwritten on the disk; PostgreSQL does so with its next
VACUUM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import tables
from .learning_tables import Grade
from .redaction import redact_traces
from .rows import table_of
from .trace_filter import TraceFilter

AT_ONCE = 200
_TRACE = table_of(tables.Trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is of the wanted traces that have ended."""

    traces: int
    steps: int
    candidates: int
    calls: int
    grades: int


async def count(connection: AsyncConnection, wanted: TraceFilter, *, told: bool) -> Counts:
    """Return how much there is; of `told` traces only, those whose texts are kept."""
    ids = select(_TRACE.c.id).where(*_conditions(wanted, told=told))

    async def number(model: type[tables.Base]) -> int:
        table = table_of(model)
        query = select(func.count()).select_from(table).where(table.c.trace_id.in_(ids))
        return int(await connection.scalar(query) or 0)

    traces = await connection.scalar(select(func.count()).select_from(ids.subquery()))
    return Counts(
        traces=int(traces or 0),
        steps=await number(tables.Step),
        candidates=await number(tables.Candidate),
        calls=await number(tables.Call),
        grades=await number(Grade),
    )


async def prune(engine: AsyncEngine, wanted: TraceFilter) -> int:
    """Delete the wanted traces with all that hangs on them, and return how many there were.

    An evaluation keeps its items, without their traces.
    """
    return await _in_blocks(engine, wanted, told=False)


async def redact(engine: AsyncEngine, wanted: TraceFilter) -> int:
    """Take the texts out of the wanted traces, and return how many there were."""
    return await _in_blocks(engine, wanted, told=True)


async def _in_blocks(engine: AsyncEngine, wanted: TraceFilter, *, told: bool) -> int:
    done = 0
    while True:
        async with engine.execution_options(immediate=True).begin() as connection:
            if connection.dialect.name == "sqlite":
                await connection.execute(text("PRAGMA secure_delete=ON"))
            query = select(_TRACE.c.id).where(*_conditions(wanted, told=told))
            ids = list(await connection.scalars(query.order_by(_TRACE.c.id).limit(AT_ONCE)))
            if told:
                await redact_traces(connection, ids)
            else:
                await _delete(connection, ids)
        done += len(ids)
        if len(ids) < AT_ONCE:
            return done


async def _delete(connection: AsyncConnection, ids: Sequence[str]) -> None:
    await connection.execute(delete(_TRACE).where(_TRACE.c.id.in_(ids)))


def _conditions(wanted: TraceFilter, *, told: bool) -> list[ColumnElement[bool]]:
    found = [*wanted.conditions(), _TRACE.c.status != "running"]
    return [*found, _TRACE.c.texts == "kept"] if told else found
