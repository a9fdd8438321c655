"""The options by which commands choose traces."""

from __future__ import annotations

from typing import Annotated

import typer

from ...storage.recorder import Status
from ...storage.trace_filter import Graded

OfStatus = Annotated[Status | None, typer.Option(help="Only these.", show_default=False)]
OfModel = Annotated[str | None, typer.Option(help="Only of this model.", show_default=False)]
OfStrategy = Annotated[str | None, typer.Option(help="Only of this strategy.", show_default=False)]
OfEffort = Annotated[str | None, typer.Option(help="Only of this effort.", show_default=False)]
OfLevel = Annotated[
    int | None,
    typer.Option(min=1, max=5, help="Only of this difficulty level.", show_default=False),
]
OfKind = Annotated[
    str | None, typer.Option(help="Only with answers of this kind.", show_default=False)
]
WithText = Annotated[
    str | None, typer.Option("--text", help="Only with this in the question.", show_default=False)
]
OfGrade = Annotated[
    Graded | None, typer.Option("--graded", help="Only so graded.", show_default=False)
]
OfGrader = Annotated[
    str | None,
    typer.Option("--grader", help="Only graded by this one, whatever it said.", show_default=False),
]
