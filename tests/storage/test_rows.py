"""Rows as they come back from either database, the odd ones too."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from forethought.storage import tables
from forethought.storage.database import open_engine
from forethought.storage.migrations import upgrade
from forethought.storage.rows import Insert, Row, table_of, write_rows
from stored_rows import step, trace

pytestmark = pytest.mark.anyio
TRACE, STEP = table_of(tables.Trace), table_of(tables.Step)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = open_engine(url)
    await upgrade(made)
    yield made
    await made.dispose()


async def written(engine: AsyncEngine, *rows: Row) -> None:
    async with engine.begin() as connection:
        await write_rows(connection, rows)


async def test_odd_values_come_back_the_same_from_both_databases(engine: AsyncEngine) -> None:
    there = datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    odd = {
        "question": "a\x00b \ud800 é 🎲 ' \" \\ \\u0000",
        "created_at": there,
        "messages": ({"role": "user", "content": "a\x00b", "n": (1, 2.5, None, True)},),
        "sampling": {"nan": float("nan"), "deep": {"x": [None]}},
        "confidence": 0.1 + 0.2,
        "needs": None,
        "whole": False,
        "max_tokens": 2**31 - 1,
    }
    whole = trace("t")
    await written(engine, Insert(model=tables.Trace, trace_id="t", values={**whole.values, **odd}))
    async with engine.connect() as connection:
        row = (await connection.execute(select(TRACE))).mappings().one()
    assert row["question"] == "a\ufffdb \ufffd é 🎲 ' \" \\ \\u0000"
    assert row["created_at"] == there and row["created_at"].tzinfo is UTC
    assert row["messages"] == [{"role": "user", "content": "a\ufffdb", "n": [1, 2.5, None, True]}]
    assert row["sampling"] == {"nan": None, "deep": {"x": [None]}}
    assert (row["confidence"], row["needs"], row["whole"]) == (0.1 + 0.2, None, False)
    assert row["max_tokens"] == 2**31 - 1


async def test_rows_that_are_there_and_rows_that_come_twice_are_passed_over(
    engine: AsyncEngine,
) -> None:
    await written(engine, trace("t"), step("t", 0))
    await written(engine, step("t", 0, "Other."), step("t", 1), step("t", 1, "Other."))
    async with engine.connect() as connection:
        texts = list(await connection.scalars(select(STEP.c.text).order_by(STEP.c.seq)))
    assert texts == ["So.", "So."]


async def test_a_row_that_refers_to_nothing_refuses_the_transaction(engine: AsyncEngine) -> None:
    with pytest.raises(IntegrityError):
        await written(engine, trace("t"), step("t", 0), step("nobody", 0))
    async with engine.connect() as connection:
        assert (await connection.scalars(select(STEP.c.key))).all() == []
