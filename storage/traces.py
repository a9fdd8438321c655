"""Traces as they are read back: a list of them, and one whole."""

from __future__ import annotations

from dataclasses import fields
from statistics import fmean
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from . import tables
from .grades import grades_of
from .learning_tables import Grade as GradeRow
from .rows import table_of
from .trace_filter import TraceFilter
from .views import (
    CallView,
    CandidateView,
    NodeView,
    StepView,
    TallyView,
    TraceDetail,
    TraceSummary,
    TraceView,
    UsageView,
    VerdictView,
    VoteView,
)

V = TypeVar(
    "V",
    TraceView,
    StepView,
    CandidateView,
    VerdictView,
    VoteView,
    CallView,
    UsageView,
    NodeView,
    TallyView,
)
AMBIGUOUS_SHOWN = 5


async def list_traces(
    connection: AsyncConnection, limit: int, wanted: TraceFilter, after: str | None
) -> list[TraceSummary]:
    """Return up to `limit` of the wanted traces, newest first, that are older than `after`.

    The cursor is the id of the last trace of the page before. Ids are UUIDv7 and sort by time, and
    traces are listed by id alone, so a page begins where the last one ended, found by the index,
    whatever was added or pruned since; the trace of that id need not be there any more.
    """
    table = table_of(tables.Trace)
    query = select(*(table.c[f.name] for f in fields(TraceSummary) if f.name in table.c))
    query = query.where(*wanted.conditions())
    if after is not None:
        query = query.where(table.c.id < after)
    rows = (await connection.execute(query.order_by(table.c.id.desc()).limit(limit))).mappings()
    found = [dict(row) for row in rows]
    scores = await _scores(connection, [row["id"] for row in found])
    return [TraceSummary(**row, score=scores.get(row["id"])) for row in found]


async def _scores(connection: AsyncConnection, ids: list[str]) -> dict[str, float]:
    """Return what the graders of these traces say, as in `graded_trace`.

    That view is not asked: SQLite would work it out for every trace there is.
    """
    grade = table_of(GradeRow).c
    query = select(grade.trace_id, grade.grader, grade.score).where(grade.trace_id.in_(ids))
    newest: dict[str, dict[str, float]] = {}
    for trace_id, grader, score in await connection.execute(
        query.order_by(grade.created_at, grade.id)
    ):
        newest.setdefault(trace_id, {})[grader] = score
    return {trace_id: fmean(scores.values()) for trace_id, scores in newest.items()}


async def read_trace(connection: AsyncConnection, beginning: str) -> TraceDetail:
    """Return the trace whose id is or begins with `beginning`.

    Raises:
        StoreError: no trace or several traces are called so.
    """
    trace_id = await _whole_id(connection, beginning)
    table = table_of(tables.Trace)
    query = select(*_columns(tables.Trace, TraceView)).where(table.c.id == trace_id)
    row = (await connection.execute(query)).mappings().one()

    async def part(model: type[tables.Base], view: type[V], *order: str) -> tuple[V, ...]:
        table = table_of(model)
        query = select(*_columns(model, view)).where(table.c.trace_id == trace_id)
        rows = await connection.execute(query.order_by(*(table.c[name] for name in order)))
        return tuple(view(**row) for row in rows.mappings())

    tallies = await part(tables.Tally, TallyView)
    return TraceDetail(
        trace=TraceView(**row),
        steps=await part(tables.Step, StepView, "seq"),
        candidates=await part(tables.Candidate, CandidateView, "seq"),
        verdicts=await part(tables.Verdict, VerdictView, "seq"),
        votes=await part(tables.Vote, VoteView, "verdict_seq", "rank"),
        calls=await part(tables.Call, CallView, "seq"),
        usage=await part(tables.UsageOfRole, UsageView, "role"),
        nodes=await part(tables.NodeRun, NodeView, "seq"),
        tally=tallies[0] if tallies else None,
        grades=tuple(await grades_of(connection, trace_id)),
    )


def _columns(model: type[tables.Base], view: type[V]) -> list[Any]:
    table = table_of(model)
    return [table.c[field.name] for field in fields(view)]


async def _whole_id(connection: AsyncConnection, beginning: str) -> str:
    table = table_of(tables.Trace)
    prefix = beginning.strip().lower()
    query = (
        select(table.c.id)
        .where(table.c.id.startswith(prefix, autoescape=True))
        .order_by(table.c.id)
        .limit(AMBIGUOUS_SHOWN)
    )
    found = list(await connection.scalars(query))
    if not prefix or not found:
        raise StoreError(f"there is no trace {beginning!r}")
    if len(found) > 1:
        raise StoreError(f"several traces begin with {beginning!r}: {', '.join(found)}")
    return str(found[0])
