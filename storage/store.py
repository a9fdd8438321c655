"""The trace store: opened once by a process, it begins recorders and reads traces back.

Any number of processes may have the same database open; readers do not wait for writers. Runs
whose process is gone are marked `interrupted` when a store is opened.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..nodes.errors import StoreError
from . import tables
from .database import open_engine
from .liveness import is_dead, writer_id
from .migrations import upgrade
from .recorder import RunInfo, Status, TraceRecorder
from .rows import table_of
from .views import (
    CallView,
    CandidateView,
    NodeView,
    StepView,
    TraceDetail,
    TraceSummary,
    TraceView,
    UsageView,
    VerdictView,
    VoteView,
)
from .writer import Writer

V = TypeVar(
    "V",
    TraceSummary,
    TraceView,
    StepView,
    CandidateView,
    VerdictView,
    VoteView,
    CallView,
    UsageView,
    NodeView,
)
AMBIGUOUS_SHOWN = 5


class Store:
    """Traces in a database. Made by `open`; belongs to the event loop it was opened in."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._recorders: WeakSet[TraceRecorder] = WeakSet()

    @classmethod
    async def open(cls, url: str | None = None) -> Store:
        """Open the database at `url`, by default `default_url()`, and bring its schema up.

        Raises:
            StoreError: it cannot be opened, or is newer than this package.
        """
        engine = open_engine(url)
        try:
            await upgrade(engine)
            await _mark_interrupted(engine)
        except BaseException:
            await engine.dispose()
            raise
        immediate = engine.execution_options(immediate=True)
        return cls(engine, Writer(immediate.begin))

    def begin(self, info: RunInfo) -> TraceRecorder:
        """Begin the trace of a run."""
        recorder = TraceRecorder(info, self._writer, writer=writer_id())
        self._recorders.add(recorder)
        return recorder

    async def drain(self) -> None:
        """Return when everything recorded so far can be read."""
        await self._writer.drain()

    async def close(self, limit_s: float = 10.0) -> None:
        """Mark open runs interrupted, write what waits, and let go of the database.

        Raises:
            StoreError: the database did not take it all within `limit_s` seconds.
        """
        for recorder in list(self._recorders):
            recorder.interrupt()
        try:
            await self._writer.aclose(limit_s)
        finally:
            await self._engine.dispose()

    async def list_traces(
        self, limit: int = 20, status: Status | None = None
    ) -> list[TraceSummary]:
        """Return up to `limit` traces, newest first.

        Raises:
            StoreError: the database cannot be read.
        """
        table = table_of(tables.Trace)
        query = select(*_columns(tables.Trace, TraceSummary))
        if status is not None:
            query = query.where(table.c.status == status)
        query = query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        try:
            async with self._engine.connect() as connection:
                rows = await connection.execute(query)
                return [TraceSummary(**row) for row in rows.mappings()]
        except (SQLAlchemyError, OSError) as exc:
            raise StoreError(f"traces cannot be read: {exc}") from exc

    async def read_trace(self, trace_id: str) -> TraceDetail:
        """Return the trace whose id is or begins with `trace_id`.

        Raises:
            StoreError: no trace or several traces are called so, or the database cannot be read.
        """
        try:
            async with self._engine.connect() as connection:
                return await _read(connection, await _whole_id(connection, trace_id))
        except (SQLAlchemyError, OSError) as exc:
            raise StoreError(f"trace {trace_id} cannot be read: {exc}") from exc


async def _mark_interrupted(engine: AsyncEngine) -> None:
    table = table_of(tables.Trace)
    running = table.c.status == "running"
    try:
        async with engine.connect() as connection:
            writers = await connection.scalars(select(table.c.writer).where(running).distinct())
            dead = [writer for writer in writers if is_dead(writer)]
        if dead:
            async with engine.execution_options(immediate=True).begin() as connection:
                await connection.execute(
                    update(table)
                    .where(running, table.c.writer.in_(dead))
                    .values(status="interrupted")
                )
    except (SQLAlchemyError, OSError) as exc:
        raise StoreError(f"the trace database cannot be opened: {exc}") from exc


def _columns(model: type[tables.Base], view: type[V]) -> list[Any]:
    table = table_of(model)
    return [table.c[field.name] for field in fields(view)]


async def _whole_id(connection: AsyncConnection, trace_id: str) -> str:
    table = table_of(tables.Trace)
    prefix = trace_id.strip().lower()
    query = (
        select(table.c.id)
        .where(table.c.id.startswith(prefix, autoescape=True))
        .order_by(table.c.id)
        .limit(AMBIGUOUS_SHOWN)
    )
    found = list(await connection.scalars(query))
    if not prefix or not found:
        raise StoreError(f"there is no trace {trace_id!r}")
    if len(found) > 1:
        raise StoreError(f"several traces begin with {trace_id!r}: {', '.join(found)}")
    return str(found[0])


async def _read(connection: AsyncConnection, trace_id: str) -> TraceDetail:
    table = table_of(tables.Trace)
    query = select(*_columns(tables.Trace, TraceView)).where(table.c.id == trace_id)
    row = (await connection.execute(query)).mappings().one()

    async def part(model: type[tables.Base], view: type[V], *order: str) -> tuple[V, ...]:
        table = table_of(model)
        query = select(*_columns(model, view)).where(table.c.trace_id == trace_id)
        rows = await connection.execute(query.order_by(*(table.c[name] for name in order)))
        return tuple(view(**row) for row in rows.mappings())

    return TraceDetail(
        trace=TraceView(**row),
        steps=await part(tables.Step, StepView, "seq"),
        candidates=await part(tables.Candidate, CandidateView, "seq"),
        verdicts=await part(tables.Verdict, VerdictView, "seq"),
        votes=await part(tables.Vote, VoteView, "verdict_seq", "rank"),
        calls=await part(tables.Call, CallView, "seq"),
        usage=await part(tables.UsageOfRole, UsageView, "role"),
        nodes=await part(tables.NodeRun, NodeView, "seq"),
    )
