"""Inserts many rows into a table of PostgreSQL by one statement with one parameter: a JSON array.

One statement a row, even pipelined, costs the driver several times what the database needs. The rows go
as text, so they are cleaned here as the column types clean what is bound to them (`types.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import orjson
from sqlalchemy import JSON, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from .types import storable_json

PARAMETER = "records"


async def insert_records(
    connection: AsyncConnection, table: Table, records: Sequence[Mapping[str, object]]
) -> None:
    """Insert `records`, which name the same columns, and pass over those that are there."""
    if records:
        statement = _statement(table, tuple(records[0]))
        await connection.execute(statement, {PARAMETER: _as_json(records)})


@lru_cache(maxsize=64)
def _statement(table: Table, names: tuple[str, ...]) -> postgresql.Insert:
    """Return `INSERT ... SELECT FROM json_to_recordset(...) AS r(column type, ...)`."""
    columns = [column(name, table.c[name].type) for name in names]
    sent = cast(bindparam(PARAMETER, type_=Text()), JSON())
    rows = func.json_to_recordset(sent).table_valued(*columns).render_derived(with_types=True)
    chosen = select(*(rows.c[name] for name in names))
    return postgresql.insert(table).from_select(list(names), chosen).on_conflict_do_nothing()


def _as_json(records: Sequence[Mapping[str, object]]) -> str:
    plain = [{name: _plain(value) for name, value in record.items()} for record in records]
    try:
        return orjson.dumps(plain).decode()
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(plain)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else storable_json(value)
