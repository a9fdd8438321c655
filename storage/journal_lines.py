"""A row as one line of the journal: `CHECKSUM JSON`, read back as the same row.

The checksum is CRC-32 of the JSON in hex, so that a line that a crash has torn, or that never reached
the disk, is known for what it is. JSON does not know moments: a column of moments says what it is
when it is read. What JSON cannot hold is replaced as the database's own types replace it, and an integer of
more than 64 bits becomes a float.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

import orjson

from .rows import Change, Insert, Row, table_of
from .tables import WRITE_ORDER, Base
from .types import UtcDateTime, storable_json

_MODELS: dict[str, type[Base]] = {model.__tablename__: model for model in WRITE_ORDER}
_MOMENTS: dict[str, frozenset[str]] = {
    name: frozenset(c.name for c in table_of(model).columns if isinstance(c.type, UtcDateTime))
    for name, model in _MODELS.items()
}


def to_line(row: Row) -> bytes:
    """Return the line of `row`, with its line end."""
    key = row.key if isinstance(row, Change) else None
    data = _dumped([row.model.__tablename__, row.trace_id, key, row.values])
    return b"%08x %s\n" % (crc32(data), data)


def from_line(line: bytes) -> Row | None:
    """Return the row of `line`; None for a line that is torn or of another package's making."""
    checksum, _, data = line.rstrip(b"\n").partition(b" ")
    try:
        if int(checksum, 16) != crc32(data):
            return None
        name, trace_id, key, values = _loaded(data)
        model = _MODELS[name]
    except (ValueError, KeyError, TypeError):
        return None
    _read_moments(name, values)
    if key is None:
        return Insert(model=model, trace_id=trace_id, values=values)
    return Change(model=model, trace_id=trace_id, key=key, values=values)


def _read_moments(name: str, values: dict[str, object]) -> None:
    for column in _MOMENTS[name] & values.keys():
        if isinstance(text := values[column], str):
            values[column] = datetime.fromisoformat(text)


def _dumped(record: list[object]) -> bytes:
    try:
        return orjson.dumps(record, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError:  # a lone surrogate, a huge integer, a key that is no text
        return json.dumps(_storable(record)).encode()


def _loaded(data: bytes) -> tuple[str, str, dict[str, object] | None, dict[str, object]]:
    try:
        name, trace_id, key, values = orjson.loads(data)
    except ValueError:
        name, trace_id, key, values = json.loads(data)
    return name, trace_id, key, values


def _storable(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _storable(v) for k, v in value.items()}
    return [_storable(v) for v in value] if isinstance(value, list) else storable_json(value)


def _plain(value: object) -> object:
    plain = storable_json(value)
    if plain is value:
        raise TypeError(f"no JSON: {value!r}")
    return plain
