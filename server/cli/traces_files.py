"""`forethought traces export` and `traces import`: traces in files, and back in a database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ...storage.export.layout import FileKind
from ...storage.export.take_in import Taken
from ...storage.export.write_out import Written
from .db import Database
from .stored import as_text
from .traces_remove import with_archive

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def export_traces(
    parquet: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write Parquet files here.", show_default=False),
    ] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write JSON lines here.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Write traces that have ended to files; the next time, only what is new since."""
    if (parquet is None) == (jsonl is None):
        raise typer.BadParameter("say where: --parquet DIR or --jsonl DIR")
    kind: FileKind = "jsonl" if parquet is None else "parquet"
    folder = parquet or jsonl or Path()
    written = with_archive(database, lambda archive: archive.write_out(folder, kind))
    typer.echo(as_text(asdict(written)) if as_json else _told(written, folder))


def import_traces(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where an export is.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Add the traces of an export to the database; those that are there stay as they are."""
    taken = with_archive(database, lambda archive: archive.take_in(folder))
    if as_json:
        typer.echo(as_text({name: asdict(one) for name, one in taken.items()}))
    else:
        typer.echo(_told_taken(taken))


def _told(written: Written, folder: Path) -> str:
    if written.part is None:
        told = f"{folder}: nothing new"
    else:
        rows = ", ".join(f"{count} {name}" for name, count in written.rows.items() if count)
        told = f"{folder}: part {written.part} with {rows or 'no rows'}"
    if written.waiting:
        told += f"; {written.waiting} traces go on or have just ended, for the next time"
    return f"{told}."


def _told_taken(taken: dict[str, Taken]) -> str:
    new = ", ".join(f"{one.new} {name}" for name, one in taken.items() if one.new)
    there = taken["trace"].rows - taken["trace"].new
    return f"New: {new or 'nothing'}. {there} of {taken['trace'].rows} traces were there already."
