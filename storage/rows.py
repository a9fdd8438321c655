"""What is to be written, and one transaction's worth of writing it.

Inserts are idempotent (`ON CONFLICT DO NOTHING`): a commit whose confirmation got lost is simply
repeated. Order: inserts table by table, each table after those it refers to; then changes, those of one
row as one, where the newest value of a column counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from .postgres_rows import insert_records
from .tables import WRITE_ORDER, Base

Values = Mapping[str, object]
"""Column name to value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """A new row; every row of a table names the same columns."""

    model: type[Base]
    trace_id: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New values for a row that is there."""

    model: type[Base]
    trace_id: str
    key: Values
    """Its primary key."""
    values: Values


Row = Insert | Change
_Shape = tuple[type[Base], tuple[str, ...], tuple[str, ...]]
"""Table, names of the key, names of what changes."""


class RowSink(Protocol):
    """Takes rows, at once and without fail. Implementation: `writer.py`."""

    def add(self, row: Row) -> None:
        """Take `row`."""
        ...

    def flush(self) -> None:
        """Put every row taken so far where it survives the end of this process, `kill -9` too."""
        ...


def table_of(model: type[Base]) -> Table:
    """Return the table behind `model`."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model!r} is not a table")
    return table


def insert_new(connection: AsyncConnection, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return the statement that inserts rows and passes over those that are there."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table_of(model)).on_conflict_do_nothing()


async def write_rows(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write `rows` in the transaction of `connection`."""
    inserts: dict[type[Base], list[Values]] = {}
    changes: dict[tuple[object, ...], Change] = {}
    for row in rows:
        if isinstance(row, Insert):
            inserts.setdefault(row.model, []).append(row.values)
        else:
            place = (row.model, *row.key.values())
            before = changes.get(place)
            if before is not None:
                row = replace(before, values={**before.values, **row.values})
            changes[place] = row
    for model in WRITE_ORDER:
        if values := inserts.get(model):
            if connection.dialect.name == "postgresql":
                await insert_records(connection, table_of(model), values)
            else:
                await connection.execute(insert_new(connection, model), [dict(v) for v in values])
    for (model, keys, columns), alike in _by_shape(changes.values()).items():
        table = table_of(model)
        change = update(table).where(*(table.c[k] == bindparam(f"where_{k}") for k in keys))
        await connection.execute(
            change.values({c: bindparam(f"new_{c}") for c in columns}),
            [
                {f"where_{k}": v for k, v in row.key.items()}
                | {f"new_{c}": v for c, v in row.values.items()}
                for row in alike
            ],
        )


def _by_shape(changes: Iterable[Change]) -> dict[_Shape, list[Change]]:
    """Return the changes of different rows, of which the order means nothing, one list a statement."""
    found: dict[_Shape, list[Change]] = {}
    for change in changes:
        shape = (change.model, tuple(change.key), tuple(sorted(change.values)))
        found.setdefault(shape, []).append(change)
    return found
