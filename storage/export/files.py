"""The files of an export, whatever their format: rows go in, and come out the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Table

from ..types import StoredJson, UtcDateTime
from .layout import FileKind

Row = Mapping[str, Any]
"""Column to value, as SQLAlchemy gives and takes it. `Any`: columns differ in type."""
ROWS_AT_ONCE = 5_000


class TableFile(Protocol):
    """A file that is being written; it has its name once it is complete."""

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        ...

    def close(self) -> None:
        """Complete the file."""
        ...

    def abandon(self) -> None:
        """Let go of it and leave nothing."""
        ...


class Format(Protocol):
    """How files are written and read."""

    def create(self, path: Path, table: Table) -> TableFile:
        """Return a new file for rows of `table`; its folder is there."""
        ...

    def read(self, path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows, some at a time; columns that the file has not are left out.

        Raises:
            UnknownColumn: the file has one that `table` has not.
        """
        ...

    def read_column(self, path: Path, name: str) -> Iterable[str]:
        """Return one column of texts."""
        ...


class UnknownColumn(Exception):
    """A file of a newer schema."""


class JsonLines:
    """One JSON object a line; times in ISO 8601, JSON columns as they are."""

    def create(self, path: Path, table: Table) -> TableFile:
        """Return a new file."""
        return _JsonLinesFile(path)

    def read(self, path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows."""
        moments = [c.name for c in table.columns if isinstance(c.type, UtcDateTime)]
        for rows in _blocks(path):
            for row in rows:
                check_columns(row, table, path)
                for name in moments:
                    if isinstance(row.get(name), str):
                        row[name] = datetime.fromisoformat(row[name])
            yield rows

    def read_column(self, path: Path, name: str) -> Iterable[str]:
        """Return one column."""
        return (row[name] for rows in _blocks(path) for row in rows)


class _JsonLinesFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._new = path.with_name(path.name + ".new")
        self._file = self._new.open("w", encoding="utf-8")

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._file.write(json.dumps(dict(row), ensure_ascii=False, default=_iso) + "\n")

    def close(self) -> None:
        self._file.close()
        os.replace(self._new, self._path)

    def abandon(self) -> None:
        self._file.close()
        self._new.unlink(missing_ok=True)


def format_of(kind: FileKind) -> Format:
    """Return how files of a kind are written and read.

    Raises:
        StoreError: it is Parquet, and pyarrow is not installed.
    """
    if kind == "jsonl":
        return JsonLines()
    from .parquet import open_parquet  # pyarrow is heavy, and an extra

    return open_parquet()


def check_columns(names: Iterable[str], table: Table, path: Path) -> None:
    """See that `table` has every column of the file.

    Raises:
        UnknownColumn: it has not.
    """
    if unknown := [name for name in names if name not in table.c]:
        raise UnknownColumn(f"{path} has columns that {table.name} has not: {', '.join(unknown)}")


def is_json(table: Table, name: str) -> bool:
    """Say whether a column holds JSON."""
    return isinstance(table.c[name].type, StoredJson)


def _blocks(path: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            rows.append(json.loads(line))
            if len(rows) == ROWS_AT_ONCE:
                yield rows
                rows = []
    if rows:
        yield rows


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")
