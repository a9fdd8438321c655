"""`forethought traces grade`: says whether an answer was right."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from ...storage.grades import Grade, NewGrade
from ...storage.store import Store
from .db import Database
from .stored import as_text, with_store

WORDS = {"right": 1.0, "wrong": 0.0}


def grade_trace(
    trace_id: Annotated[str, typer.Argument(metavar="ID", help="The id, or its beginning.")],
    score: Annotated[str, typer.Argument(help="right, wrong, or a number from 0 to 1.")],
    grader: Annotated[
        str | None,
        typer.Option(
            help="Who says so, as person:anna or checker:unit-tests; by default you.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why.", show_default=False)] = None,
    answer: Annotated[
        str | None, typer.Option(help="What would have been right.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    database: Database = None,
) -> None:
    """Grade an answer. Earlier grades stay; of one grader the newest counts."""

    async def add(store: Store) -> Grade:
        whole = (await store.read_trace(trace_id)).trace.id
        new = NewGrade(
            trace_id=whole,
            grader=f"person:{getpass.getuser()}" if grader is None else grader,
            score=value,
            note=note,
            answer=answer,
        )
        return (await store.add_grades([new]))[0]

    value = _score(score)
    if grader is not None and not grader.strip():
        raise typer.BadParameter("must say who", param_hint="--grader")
    added = with_store(database, add)
    if as_json:
        typer.echo(as_text(asdict(added)))
    else:
        typer.echo(f"{added.grader} grades {added.trace_id} with {added.score:g}.")


def _score(said: str) -> float:
    try:
        value = WORDS[said] if said in WORDS else float(said)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter("must be right, wrong, or a number from 0 to 1")
    return value
