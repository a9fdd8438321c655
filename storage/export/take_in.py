"""Takes an export into a database: what is there stays as it is, what is not is added.

So taking in the same export twice changes nothing, and one that was broken off is taken in again.
An item of an evaluation that had failed is replaced by one that has an answer, as a resumed evaluation
does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ...nodes.errors import StoreError
from .files import Format, UnknownColumn, format_of
from .layout import TABLES, WHOLE, Manifest, part_file, read_manifest, table_named, whole_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken in of a table."""

    rows: int
    """In the export."""
    new: int


async def take_in(engine: AsyncEngine, folder: Path) -> dict[str, Taken]:
    """Add the rows of the export that are not there yet, and return what was added, by table.

    Raises:
        StoreError: there is no export, it is of a newer version, or a name in it is taken.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(f"{folder} holds no export of traces")
    form = format_of(manifest.kind)
    taken: dict[str, Taken] = {}
    for name in TABLES:
        table, rows, before = table_named(name), 0, await _number(engine, name)
        for block in _blocks(folder, manifest, form, table):
            async with engine.execution_options(immediate=True).begin() as connection:
                if name == "evaluation":
                    await _check_names(connection, block)
                await connection.execute(_insert(connection, table, list(block[0])), block)
            rows += len(block)
        taken[name] = Taken(rows=rows, new=await _number(engine, name) - before)
    return taken


def _blocks(
    folder: Path, manifest: Manifest, form: Format, table: Table
) -> Iterator[list[dict[str, Any]]]:
    if table.name in WHOLE:
        paths = [whole_file(folder, table.name, manifest.kind)]
    else:
        numbers = [part.number for part in manifest.parts if table.name in part.rows]
        paths = [part_file(folder, table.name, n, manifest.kind) for n in numbers]
    for path in paths:
        try:
            yield from (block for block in form.read(path, table) if block)
        except UnknownColumn as exc:
            raise StoreError(f"the export was made by a newer forethought: {exc}") from exc
        except (OSError, ValueError, KeyError) as exc:
            raise StoreError(f"{path} cannot be read: {exc}") from exc


def _insert(connection: AsyncConnection, table: Table, columns: list[str]) -> Any:
    # `Any`: the two dialects' statements have no common type with these methods.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(table)
    if table.name != "evaluation_item":
        return new.on_conflict_do_nothing()
    keys = [column.name for column in table.primary_key]
    values = {name: new.excluded[name] for name in columns if name not in keys}
    failed = table.c.error.is_not(None) & new.excluded.error.is_(None)
    return new.on_conflict_do_update(index_elements=keys, set_=values, where=failed)


async def _check_names(connection: AsyncConnection, block: list[dict[str, Any]]) -> None:
    """See that no other evaluation has a name that is about to come: its items would be lost."""
    table = table_named("evaluation")
    names = {row["name"]: row["id"] for row in block}
    query = select(table.c.name, table.c.id).where(table.c.name.in_(names))
    for name, found in await connection.execute(query):
        if names[name] != found:
            raise StoreError(f"there is another evaluation called {name!r}")


async def _number(engine: AsyncEngine, name: str) -> int:
    async with engine.connect() as connection:
        query = select(func.count()).select_from(table_named(name))
        return int(await connection.scalar(query) or 0)
