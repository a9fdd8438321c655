"""Parquet files through pyarrow: times in UTC, JSON columns as text, compressed with zstd.

pyarrow is an extra and comes in when the first file does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Double, Integer, Table

from ...nodes.errors import StoreError
from ..types import UtcDateTime
from .files import ROWS_AT_ONCE, Row, TableFile, check_columns, is_json

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as exc:
    raise StoreError(
        f"Parquet needs pyarrow, which is not installed ({exc}): install forethought[export],"
        " or export as JSON lines"
    ) from exc

ROW_GROUP = 50_000
"""Rows that are compressed together."""


class Parquet:
    """Parquet."""

    def create(self, path: Path, table: Table) -> TableFile:
        """Return a new file."""
        return _ParquetFile(path, table)

    def read(self, path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows."""
        with pq.ParquetFile(path) as file:
            names: list[str] = file.schema_arrow.names
            check_columns(names, table, path)
            texts = [name for name in names if is_json(table, name)]
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                rows: list[dict[str, Any]] = batch.to_pylist()
                for row in rows:
                    for name in texts:
                        if row[name] is not None:
                            row[name] = json.loads(row[name])
                yield rows

    def read_column(self, path: Path, name: str) -> Iterable[str]:
        """Return one column."""
        column: list[str] = pq.read_table(path, columns=[name]).column(name).to_pylist()
        return column


class _ParquetFile:
    def __init__(self, path: Path, table: Table) -> None:
        self._path = path
        self._new = path.with_name(path.name + ".new")
        self._table = table
        self._schema = _schema(table)
        self._writer = pq.ParquetWriter(self._new, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def add(self, rows: Sequence[Row]) -> None:
        self._waiting += rows
        if len(self._waiting) >= ROW_GROUP:
            self._write()

    def close(self) -> None:
        if self._waiting:
            self._write()
        self._writer.close()
        os.replace(self._new, self._path)

    def abandon(self) -> None:
        self._writer.close()
        self._new.unlink(missing_ok=True)

    def _write(self) -> None:
        columns = [
            [_text(row[name]) for row in self._waiting]
            if is_json(self._table, name)
            else [row[name] for row in self._waiting]
            for name in self._schema.names
        ]
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []


def open_parquet() -> Parquet:
    """Return the format."""
    return Parquet()


def _schema(table: Table) -> Any:  # pyarrow has no types of its own
    return pa.schema([(column.name, _type(column.type)) for column in table.columns])


def _type(kind: object) -> Any:
    if isinstance(kind, UtcDateTime):
        return pa.timestamp("us", tz="UTC")
    if isinstance(kind, Boolean):
        return pa.bool_()
    if isinstance(kind, Integer):
        return pa.int64()
    return pa.float64() if isinstance(kind, Double) else pa.string()


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
