"""Which face asked for a run, changed afterwards: so a face forgets a run that its operator keeps."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables
from .rows import table_of


async def change_face(connection: AsyncConnection, trace_id: str, face: str) -> None:
    """Say that the run with this whole id was asked by `face`; of an unknown one nothing is said."""
    table = table_of(tables.Trace)
    await connection.execute(update(table).where(table.c.id == trace_id).values(face=face))
