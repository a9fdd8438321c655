"""Evaluations in SQL: questions with known answers, put to one set-up, resumed where they stopped.

An evaluation is opened by name; opened again with the same data and settings it is the same one, and
its items say what is done. An answer is written once; a question that failed may be asked again, and
its item is written anew, the failed run's trace staying what it is. An item is written after its
trace, so it never points at a row that waits (`Store` drains its writer first).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils
from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from ..nodes.values import Kind
from .learning_tables import Evaluation
from .learning_tables import EvaluationItem as ItemRow
from .rows import insert_new, table_of
from .types import storable_json


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord:
    """An evaluation."""

    id: str
    name: str
    created_at: datetime
    data: str
    """Name of the file with the questions."""
    data_hash: str
    settings: dict[str, Any]
    """JSON: all that must be equal for the rest of it to be run later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSummary:
    """An evaluation, and how far it is."""

    record: EvaluationRecord
    items: int
    right: int
    failed: int
    """Items without an answer, because the run failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """One question, answered or failed."""

    question_id: str
    trace_id: str | None
    """None when the run left no trace, or the trace was deleted since."""
    right: bool
    answer: str | None
    """The final answer, as written."""
    error: str | None
    """Why the run failed."""
    kind: Kind
    level_by_data: int | None = None
    """The data set's own level."""

    def __post_init__(self) -> None:
        if self.error is not None and self.right:
            raise ValueError(f"a failed run is not right: error is {self.error!r}")


async def open_evaluation(
    connection: AsyncConnection,
    name: str,
    data: str,
    data_hash: str,
    settings: Mapping[str, object],
    now: datetime,
) -> EvaluationRecord:
    """Return the evaluation called `name`, new or begun earlier.

    Raises:
        StoreError: it was begun with other data or settings.
    """
    if not name.strip():
        raise StoreError(f"an evaluation needs a name, not {name!r}")
    wanted = {"data": data, "data_hash": data_hash, "settings": _json(settings)}
    new = {"id": str(uuid_utils.uuid7()), "name": name, "created_at": now, **wanted}
    await connection.execute(insert_new(connection, Evaluation).values(new))
    found = await read_evaluation(connection, name)
    if other := _differences(found, data, data_hash, settings):
        raise StoreError(f"evaluation {name!r} was begun with {'; '.join(other)}")
    return found


async def read_evaluation(connection: AsyncConnection, name: str) -> EvaluationRecord:
    """Return the evaluation called `name`.

    Raises:
        StoreError: there is none.
    """
    table = table_of(Evaluation)
    rows = await connection.execute(select(table).where(table.c.name == name))
    row = rows.mappings().one_or_none()
    if row is None:
        raise StoreError(f"there is no evaluation {name!r}")
    return EvaluationRecord(**row)


async def list_evaluations(connection: AsyncConnection) -> list[EvaluationSummary]:
    """Return all, newest first."""
    table, item = table_of(Evaluation), table_of(ItemRow)

    def count(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((which, 1), else_=0)), 0)

    counts = (
        select(
            item.c.evaluation_id,
            func.count().label("items"),
            count(item.c.is_right).label("right"),
            count(item.c.error.is_not(None)).label("failed"),
        )
        .group_by(item.c.evaluation_id)
        .subquery()
    )
    query = (
        select(table, counts.c["items"], counts.c["right"], counts.c["failed"])
        .outerjoin(counts, counts.c.evaluation_id == table.c.id)
        .order_by(table.c.created_at.desc(), table.c.id.desc())
    )
    return [
        EvaluationSummary(
            record=EvaluationRecord(**{column.name: row[column.name] for column in table.c}),
            items=row["items"] or 0,
            right=row["right"] or 0,
            failed=row["failed"] or 0,
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def record_item(
    connection: AsyncConnection, evaluation_id: str, item: EvaluationItem, now: datetime
) -> None:
    """Write `item`, unless its question has an answer already; one that failed is written anew.

    Raises:
        StoreError: its evaluation or its trace is not there.
    """
    new = {
        "evaluation_id": evaluation_id,
        "question_id": item.question_id,
        "trace_id": item.trace_id,
        "created_at": now,
        "is_right": item.right,
        "answer": item.answer,
        "error": item.error,
        "kind": item.kind,
        "level_by_data": item.level_by_data,
    }
    table = table_of(ItemRow)
    failed = update(table).where(
        table.c.evaluation_id == evaluation_id,
        table.c.question_id == item.question_id,
        table.c.error.is_not(None),
    )
    try:
        await connection.execute(insert_new(connection, ItemRow).values(new))
        await connection.execute(failed.values(new))  # of a row that is new this changes nothing
    except IntegrityError as exc:
        raise StoreError(
            f"the evaluation or the trace of question {item.question_id!r} is not in the database"
        ) from exc


async def evaluation_items(connection: AsyncConnection, evaluation_id: str) -> list[EvaluationItem]:
    """Return what is done, in the order it was recorded."""
    table = table_of(ItemRow)
    query = (
        select(table)
        .where(table.c.evaluation_id == evaluation_id)
        .order_by(table.c.created_at, table.c.question_id)
    )
    return [
        EvaluationItem(
            question_id=row["question_id"],
            trace_id=row["trace_id"],
            right=row["is_right"],
            answer=row["answer"],
            error=row["error"],
            kind=row["kind"],
            level_by_data=row["level_by_data"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


def _json(settings: Mapping[str, object]) -> dict[str, object]:
    return {key: storable_json(value) for key, value in settings.items()}


def _differences(
    found: EvaluationRecord, data: str, data_hash: str, settings: Mapping[str, object]
) -> list[str]:
    """Return what differs, each as "what it was, not what is asked for"."""
    before = {"data": found.data, "data_hash": found.data_hash, **found.settings}
    now = {"data": data, "data_hash": data_hash, **_json(settings)}
    return [
        f"{key} {before.get(key)!r}, not {now.get(key)!r}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
