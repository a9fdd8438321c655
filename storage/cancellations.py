"""Runs that are to end wherever they go on: asked for by one process, heeded by another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from .rows import insert_new, table_of
from .shared_tables import Cancellation


async def ask_cancel(connection: AsyncConnection, trace_id: str, now: datetime) -> None:
    """Ask for the end of the run with this whole id, whose trace is there; twice is once."""
    row = {"trace_id": trace_id, "asked_at": now}
    await connection.execute(insert_new(connection, Cancellation), row)


async def to_cancel(connection: AsyncConnection, trace_ids: Collection[str]) -> list[str]:
    """Return those of `trace_ids` whose end was asked for."""
    table = table_of(Cancellation)
    query = select(table.c.trace_id).where(table.c.trace_id.in_(trace_ids))
    return list(await connection.scalars(query))
