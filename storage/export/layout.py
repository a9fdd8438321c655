"""What is in an export, and where.

Rows that are only ever added come in parts: each export adds a file for the traces that have ended, and
for the grades that were given, since the one before. Small tables whose rows may still change are
written whole, in place of what was there. The manifest is replaced last, by one rename, so that a
part is there wholly or not at all; files that it does not name are what a broken export has left.
API keys, activations and leases stay in their store: they say what is done there.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Table

from ...nodes.errors import StoreError
from ..learning_tables import METADATA
from ..tables import WRITE_ORDER

FORMAT = 1
MANIFEST = "manifest.json"
FileKind = Literal["parquet", "jsonl"]
HANGING = tuple(model.__tablename__ for model in WRITE_ORDER if model.__tablename__ != "trace")
"""What hangs on a trace, by its `trace_id`."""
IN_PARTS = ("trace", *HANGING, "grade")
WHOLE = ("policy", "evaluation", "evaluation_item")
TABLES = (*IN_PARTS, *WHOLE)
"""Each after those it refers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one export has added."""

    number: int
    made: str
    """When, in ISO 8601."""
    rows: dict[str, int]
    """By table; a table that is not here has no file in this part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a folder."""

    kind: FileKind
    schema: str
    """The revision of the newest part."""
    parts: tuple[Part, ...] = ()
    whole: dict[str, int] | None = None
    """Rows of the tables that are written whole."""


def table_named(name: str) -> Table:
    """Return the table."""
    return METADATA.tables[name]


def part_file(folder: Path, table: str, number: int, kind: FileKind) -> Path:
    """Return where a part of a table is."""
    return folder / table / f"{number:06d}.{kind}"


def whole_file(folder: Path, table: str, kind: FileKind) -> Path:
    """Return where a table that is written whole is."""
    return folder / table / f"all.{kind}"


def read_manifest(folder: Path) -> Manifest | None:
    """Return what is in the folder; None where nothing was exported to it.

    Raises:
        StoreError: its manifest cannot be read.
    """
    path = folder / MANIFEST
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise StoreError(f"{path} cannot be read: {exc}") from exc
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise StoreError(f"{path} is not of a format that this version knows")
    try:
        return Manifest(
            kind=held["kind"],
            schema=held["schema"],
            parts=tuple(Part(**part) for part in held["parts"]),
            whole=held["whole"],
        )
    except (KeyError, TypeError) as exc:
        raise StoreError(f"{path} is no manifest of an export: {exc!r}") from exc


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in the place of the one before it."""
    path, new = folder / MANIFEST, folder / f"{MANIFEST}.new"
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1) + "\n"
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def make_ready(folder: Path, manifest: Manifest | None) -> None:
    """Make the folder, or remove from it the files of an export that was broken off."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {part.number for part in manifest.parts} if manifest else set[int]()
    for table in IN_PARTS:
        for path in (folder / table).glob("*.*"):
            stem = path.name.split(".")[0]
            if stem.isdecimal() and int(stem) not in numbers:
                path.unlink(missing_ok=True)
