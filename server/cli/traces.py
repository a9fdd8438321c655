"""`forethought traces`: what was asked, and how each answer was found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...storage.store import Store
from ...storage.trace_filter import EVERY, TraceFilter
from ...storage.views import TraceDetail, TraceSummary
from .db import Database
from .stored import as_text, with_store
from .trace_options import (
    OfEffort,
    OfGrade,
    OfGrader,
    OfKind,
    OfLevel,
    OfModel,
    OfStatus,
    OfStrategy,
    WithText,
)
from .trace_tree import excerpt, render_sql, render_trace
from .traces_files import export_traces, import_traces
from .traces_grade import grade_trace
from .traces_remove import prune_traces, redact_traces

traces_app = typer.Typer(help="Look at stored traces.", no_args_is_help=True)
traces_app.command("grade")(grade_trace)
traces_app.command("export")(export_traces)
traces_app.command("import")(import_traces)
traces_app.command("prune")(prune_traces)
traces_app.command("redact")(redact_traces)
ID_SHOWN = 18
"""The milliseconds of a UUIDv7 and its first random digits: enough to tell traces apart."""
WIDE = 110
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@traces_app.command("list")
def list_traces(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    status: OfStatus = None,
    model: OfModel = None,
    strategy: OfStrategy = None,
    effort: OfEffort = None,
    level: OfLevel = None,
    kind: OfKind = None,
    text: WithText = None,
    graded: OfGrade = None,
    grader: OfGrader = None,
    after: Annotated[
        str | None,
        typer.Option(help="The last id of the page before.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """List traces, newest first."""
    wanted = TraceFilter(
        status=status,
        model=model,
        strategy=strategy,
        effort=effort,
        level=level,
        kind=kind,
        text=text,
        graded=graded,
        grader=grader,
    )

    async def read(store: Store) -> list[TraceSummary]:
        return await store.list_traces(limit, wanted=wanted, after=after)

    found = with_store(database, read)
    if as_json:
        typer.echo(as_text([asdict(trace) for trace in found]))
    elif found:
        console = Console()
        console.print(_list_table(found, console.width))
    else:
        typer.echo("No traces yet." if wanted == EVERY and after is None else "No such traces.")


@traces_app.command("show")
def show_trace(
    trace_id: Annotated[str, typer.Argument(metavar="ID", help="The id, or its beginning.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show one trace: the search as a tree, the votes, the calls, and the SQL to see it again."""

    async def read(store: Store) -> TraceDetail:
        return await store.read_trace(trace_id)

    detail = with_store(database, read)
    if as_json:
        typer.echo(as_text(asdict(detail)))
        return
    console = Console()
    console.print(render_trace(detail))
    console.print("\nThe tree in SQL:", style="bold")
    console.print(render_sql(detail.trace.id), soft_wrap=True)


def _list_table(traces: list[TraceSummary], width: int) -> Table:
    """Return one line a trace; a narrow terminal gets fewer columns."""
    wide = width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("id", no_wrap=True)
    if wide:
        table.add_column("time UTC", no_wrap=True)
        table.add_column("effort", no_wrap=True)
        table.add_column("level", justify="right")
        table.add_column("strategy", no_wrap=True)
    table.add_column("ended", no_wrap=True)
    table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("question", ratio=3)
    table.add_column("answer", ratio=1)
    for trace in traces:
        more = (
            f"{trace.created_at:%m-%d %H:%M:%S}",
            trace.effort,
            _shown(trace.difficulty_level),
            _shown(trace.strategy),
        )
        table.add_row(
            trace.id[:ID_SHOWN],
            *(more if wide else ()),
            trace.stop_reason or trace.status,
            _shown(trace.completion_tokens),
            "-" if trace.seconds is None else f"{trace.seconds:.1f}",
            Text(excerpt(trace.question, 80) if trace.texts == "kept" else "(text not kept)"),
            Text(excerpt(trace.answer or "-", 40)),
        )
    return table


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
