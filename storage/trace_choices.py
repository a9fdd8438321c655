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
    table = table_of(Trace)

    async def values(name: str) -> tuple[str, ...]:
        query = select(table.c[name]).distinct().where(table.c[name].is_not(None))
        if key_id is not None:
            query = query.where(table.c.key_id == key_id)
        return tuple(sorted(str(value) for value in await connection.scalars(query)))

    return TraceChoices(
        models=await values("model"),
        strategies=await values("strategy"),
        efforts=await values("effort"),
    )
