"""Writes what is new since the last export into a folder.

A trace is written once, when it has ended; one that has ended within the last seconds waits for the next
export, since a call may end after its run, unless its process is gone. Which traces were written is
read from the files themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ...nodes.errors import StoreError
from ..liveness import is_dead
from ..migrations import head
from .duckdb_views import VIEWS_FILE, duckdb_views
from .files import Format, Row, TableFile, format_of
from .layout import (
    HANGING,
    IN_PARTS,
    WHOLE,
    FileKind,
    Manifest,
    Part,
    make_ready,
    part_file,
    read_manifest,
    table_named,
    whole_file,
    write_manifest,
)

AT_ONCE = 200
SETTLED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export has done."""

    rows: dict[str, int]
    """New rows by table; of those that are written whole, all of them."""
    waiting: int
    """Traces that go on or have just ended: the next export has them."""
    part: int | None
    """Its number; None where nothing was new."""


async def write_out(
    connection: AsyncConnection, folder: Path, kind: FileKind, now: datetime
) -> Written:
    """Add a part to the folder, which is made where it is not there.

    Raises:
        StoreError: the folder holds another format, or something that cannot be read.
        OSError: it cannot be written.
    """
    form = format_of(kind)
    manifest = read_manifest(folder)
    if manifest is not None and manifest.kind != kind:
        raise StoreError(f"{folder} holds an export as {manifest.kind}; {kind} goes elsewhere")
    before = manifest or Manifest(kind=kind, schema="")
    make_ready(folder, manifest)
    known = _column(folder, before, form, "trace", "id")
    ended = await _ended(connection, known, now)
    graded = await _new_grades(
        connection, known.union(ended.ids), _column(folder, before, form, "grade", "id")
    )
    number = max((part.number for part in before.parts), default=0) + 1
    rows: dict[str, int] = {}
    if ended.ids or graded or not before.parts:
        paths = {name: part_file(folder, name, number, kind) for name in IN_PARTS}
        rows = await _write_part(connection, form, paths, ended.ids, graded, first=number == 1)
    whole = await _write_whole(connection, form, folder, kind)
    added = (Part(number=number, made=now.isoformat(), rows=rows),) if rows else ()
    write_manifest(
        folder,
        replace(
            before,
            schema=head(),
            parts=(*before.parts, *added),
            whole=whole,
        ),
    )
    if kind == "parquet":
        (folder / VIEWS_FILE).write_text(duckdb_views(), encoding="utf-8")
    return Written(rows=rows | whole, waiting=ended.waiting, part=number if rows else None)


@dataclass(frozen=True, slots=True)
class _Ended:
    ids: list[str]
    waiting: int


async def _ended(connection: AsyncConnection, known: set[str], now: datetime) -> _Ended:
    """Return the traces to write, oldest first."""
    trace = table_named("trace")
    query = select(trace.c.id, trace.c.status, trace.c.finished_at, trace.c.writer)
    found, waiting = list[str](), 0
    for trace_id, status, finished_at, writer in await connection.execute(
        query.order_by(trace.c.id)
    ):
        if trace_id in known:
            continue
        fresh = finished_at is not None and finished_at > now - SETTLED
        if status == "running" or (fresh and not is_dead(writer)):
            waiting += 1
        else:
            found.append(trace_id)
    return _Ended(found, waiting)


async def _new_grades(connection: AsyncConnection, traces: set[str], known: set[str]) -> list[str]:
    grade = table_named("grade")
    query = select(grade.c.id, grade.c.trace_id).order_by(grade.c.created_at, grade.c.id)
    return [
        grade_id
        for grade_id, trace_id in await connection.execute(query)
        if trace_id in traces and grade_id not in known
    ]


async def _write_part(
    connection: AsyncConnection,
    form: Format,
    paths: dict[str, Path],
    traces: Sequence[str],
    grades: Sequence[str],
    *,
    first: bool,
) -> dict[str, int]:
    """Write the files of a part and return their rows; in the first one every table has a file."""
    rows = dict.fromkeys(paths, 0)
    with ExitStack() as stack:
        files = {name: _new(stack, form, path, name) for name, path in paths.items()}
        for name, owner, ids in (
            ("trace", "id", traces),
            *((name, "trace_id", traces) for name in HANGING),
            ("grade", "id", grades),
        ):
            for block in (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)):
                found = await _rows(connection, name, owner, block)
                rows[name] += len(found)
                files[name].add(found)
        stack.pop_all()
    for name, file in files.items():
        if rows[name] or first:
            file.close()
        else:
            file.abandon()
    return {name: count for name, count in rows.items() if count or first}


async def _write_whole(
    connection: AsyncConnection, form: Format, folder: Path, kind: FileKind
) -> dict[str, int]:
    rows: dict[str, int] = {}
    for name in WHOLE:
        table = table_named(name)
        held = await _read(connection, select(table).order_by(*table.primary_key))
        with ExitStack() as stack:
            file = _new(stack, form, whole_file(folder, name, kind), name)
            file.add(held)
            stack.pop_all()
        file.close()
        rows[name] = len(held)
    return rows


def _new(stack: ExitStack, form: Format, path: Path, name: str) -> TableFile:
    """Return a new file that leaves nothing where something fails."""
    path.parent.mkdir(exist_ok=True)
    file = form.create(path, table_named(name))
    stack.callback(file.abandon)
    return file


async def _rows(
    connection: AsyncConnection, name: str, owner: str, ids: Iterable[str]
) -> Sequence[Row]:
    table = table_named(name)
    query = select(table).where(table.c[owner].in_(list(ids)))
    order = [table.c[owner], *(c for c in table.primary_key if c.name != owner)]
    return await _read(connection, query.order_by(*order))


async def _read(connection: AsyncConnection, query: Select[Any]) -> Sequence[Row]:
    result = await connection.execute(query)
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _column(folder: Path, manifest: Manifest, form: Format, table: str, name: str) -> set[str]:
    found: set[str] = set()
    for part in manifest.parts:
        if table in part.rows:
            path = part_file(folder, table, part.number, manifest.kind)
            found.update(form.read_column(path, name))
    return found
