"""How far a run has come, in numbers small enough to be asked for every second."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .recorder import Status
from .rows import table_of
from .tables import Call, Candidate, NodeRun, Step, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Rows of a run so far. Scores that steps get later are not counted; a node ends after they came."""

    status: Status
    steps: int
    candidates: int
    calls: int
    nodes: int


async def progress_of(connection: AsyncConnection, trace_id: str) -> Progress | None:
    """Return how far the run with this whole id has come; None where there is no such run."""
    trace = table_of(Trace)
    counts = [
        select(func.count())
        .select_from(table_of(model))
        .where(table_of(model).c.trace_id == trace_id)
        .scalar_subquery()
        .label(name)
        for name, model in (
            ("steps", Step),
            ("candidates", Candidate),
            ("calls", Call),
            ("nodes", NodeRun),
        )
    ]
    query = select(trace.c.status, *counts).where(trace.c.id == trace_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Progress(**row)
