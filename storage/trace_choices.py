"""What traces can be chosen by: the values that occur in them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from .rows import table_of
from .tables import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceChoices:
    """The values that occur; each sorted."""

    models: tuple[str, ...]
    strategies: tuple[str, ...]
    efforts: tuple[str, ...]


async def trace_choices(connection: AsyncConnection, key_id: str | None) -> TraceChoices:
    """Return the values among the traces of the key, or among all where it is None."""
    columns = [table_of(Trace).c[name] for name in ("model", "strategy", "effort")]
    query = select(*columns).distinct()
    if key_id is not None:
        query = query.where(table_of(Trace).c.key_id == key_id)
    rows = (await connection.execute(query)).all()
    models, strategies, efforts = (
        tuple(sorted({str(row[place]) for row in rows if row[place] is not None}))
        for place in range(len(columns))
    )
    return TraceChoices(models=models, strategies=strategies, efforts=efforts)
