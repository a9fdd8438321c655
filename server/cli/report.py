"""`forethought report`: studies of policies and live evaluations, as one HTML page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ..replay_files import write_text
from ..report.errors import ReportError
from .db import Database
from .failing import one_sentence

MISSING = "a report needs matplotlib, jinja2 and scikit-learn: pip install 'forethought[fit]'"


def report(
    studies: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="STUDY.json",
            help="Files that `policy fit --json` wrote; a section each.",
            show_default=False,
        ),
    ] = None,
    evaluations: Annotated[
        list[str] | None,
        typer.Option(
            "--eval",
            metavar="NAME",
            help="A stored evaluation; more than one are put beside each other.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page; one that is there is replaced.")] = Path(
        "report.html"
    ),
    database: Database = None,
) -> None:
    """Write a page that says what a policy is worth: one file, which needs no network to be read."""
    with one_sentence():
        if not studies and not evaluations:
            raise ReportError("name a study or an --eval to report on")
        try:
            write_text(out, _page(studies or [], evaluations or [], database))
        except ImportError as exc:
            raise ReportError(MISSING) from exc
    typer.echo(str(out))


def _page(studies: list[Path], evaluations: list[str], database: str | None) -> str:
    """Return the page.

    Raises:
        ForethoughtError: a study or an evaluation cannot be read.
        ImportError: the extra `fit` is not installed.
    """
    from ..report.live import read_evaluations
    from ..report.live_section import live_section
    from ..report.page import render, study_section
    from ..report.reading import read_study

    read = [read_study(path) for path in studies]
    sections = [study_section(f"study-{i}", study) for i, study in enumerate(read, start=1)]
    if evaluations:
        found = asyncio.run(read_evaluations(database, evaluations))
        sections.append(live_section(found))
    return render(sections)
