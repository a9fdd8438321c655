"""`forethought traces prune` and `traces redact`: old traces go, or their texts do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ...storage.archive import Archive
from ...storage.removal import Counts
from ...storage.trace_filter import TraceFilter
from .ages import moment_before
from .db import Database
from .failing import one_sentence
from .trace_options import OfKind, OfModel, OfStatus, WithText

T = TypeVar("T")
OlderThan = Annotated[
    str | None,
    typer.Option(help="Only those that began so long ago: 30d, 12h, 90m.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def with_archive(database: str | None, use: Callable[[Archive], Awaitable[T]]) -> T:
    """Return what `use` gives; an error of ours ends the command in one sentence."""

    async def run() -> T:
        async with await Archive.open(database) as archive:
            return await use(archive)

    with one_sentence():
        return asyncio.run(run())


def prune_traces(
    older_than: Annotated[
        str, typer.Option(help="Those that began so long ago: 30d, 12h, 90m.", show_default=False)
    ],
    status: OfStatus = None,
    model: OfModel = None,
    kind: OfKind = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    database: Database = None,
) -> None:
    """Delete old traces that have ended, with their grades; evaluations keep their items."""
    until = moment_before(older_than)
    wanted = TraceFilter(until=until, status=status, model=model, kind=kind)
    counts = with_archive(database, lambda archive: archive.count(wanted))
    typer.echo(_told(counts))
    if dry_run or counts.traces == 0:
        return
    _ask("Delete them?", yes=yes)
    done = with_archive(database, lambda archive: archive.prune(wanted))
    typer.echo(f"{_traces(done)} deleted.")


def redact_traces(
    older_than: OlderThan = None,
    everything: Annotated[bool, typer.Option("--all", help="Every trace.")] = False,
    status: OfStatus = None,
    model: OfModel = None,
    kind: OfKind = None,
    text: WithText = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    database: Database = None,
) -> None:
    """Take questions, answers and all other texts out of traces that have ended; numbers stay."""
    chosen = (older_than, status, model, kind, text)
    if not everything and all(one is None for one in chosen):
        raise typer.BadParameter("say which, by --older-than or another option, or --all")
    wanted = TraceFilter(
        until=None if older_than is None else moment_before(older_than),
        status=status,
        model=model,
        kind=kind,
        text=text,
    )
    counts = with_archive(database, lambda archive: archive.count(wanted, told=True))
    typer.echo(_told(counts))
    if dry_run or counts.traces == 0:
        return
    _ask("Take their texts out? They cannot be brought back.", yes=yes)
    done = with_archive(database, lambda archive: archive.redact(wanted))
    typer.echo(f"{_traces(done)} redacted.")


def _told(counts: Counts) -> str:
    return (
        f"{_traces(counts.traces)} with {counts.steps} steps, {counts.candidates} candidates,"
        f" {counts.calls} calls, {counts.grades} grades."
    )


def _traces(number: int) -> str:
    return f"{number} trace{'' if number == 1 else 's'}"


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)
