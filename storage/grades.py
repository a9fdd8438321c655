"""Grades in SQL: what people, data sets and checkers say of an answer. Never overwritten.

A trace may have several grades, of one grader too; whoever reads them decides which counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import uuid_utils
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from .learning_tables import Grade as GradeRow
from .rows import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrade:
    """A judgement to be added."""

    trace_id: str
    """The whole id."""
    grader: str
    """Who: `dataset:gsm8k_test_dev`, `person:anna`, `checker:unit-tests`."""
    score: float
    """In [0, 1]; 1 is right."""
    note: str | None = None
    answer: str | None = None
    """The right answer, where the grader says it."""

    def __post_init__(self) -> None:
        if not self.grader.strip():
            raise ValueError(f"grader must say who graded, not {self.grader!r}")
        if not 0 <= self.score <= 1:
            raise ValueError(f"score must be from 0 to 1, not {self.score!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A judgement; the fields of `NewGrade`, and when it was added."""

    id: str
    trace_id: str
    created_at: datetime
    grader: str
    score: float
    note: str | None
    answer: str | None


async def add_grades(
    connection: AsyncConnection, grades: Sequence[NewGrade], now: datetime
) -> list[Grade]:
    """Add all of `grades`, and return them in the same order.

    Raises:
        StoreError: one is of a trace that is not there; none is added then.
    """
    added = [Grade(id=str(uuid_utils.uuid7()), created_at=now, **asdict(g)) for g in grades]
    if added:
        try:
            await connection.execute(insert(table_of(GradeRow)), [asdict(g) for g in added])
        except IntegrityError as exc:
            raise StoreError("a grade is of a trace that is not in the database") from exc
    return added


async def grades_of(connection: AsyncConnection, trace_id: str) -> list[Grade]:
    """Return the grades of the trace with this whole id, oldest first."""
    table = table_of(GradeRow)
    query = select(table).where(table.c.trace_id == trace_id)
    rows = await connection.execute(query.order_by(table.c.created_at, table.c.id))
    return [Grade(**row) for row in rows.mappings()]
