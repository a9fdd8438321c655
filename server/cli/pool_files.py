"""Pools on the command line: read with a progress bar, their answers read as the service reads them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...nodes.equality.keys import AnswerKeys, KillingPool
from ...nodes.replay.pool import Pool
from ...nodes.replay.reading import Reading, recorded, reread
from ...nodes.values import Kind

Pools = Annotated[list[Path], typer.Argument(metavar="POOL...", help="Files of recorded samples.")]
KindOfAnswers = Annotated[Kind, typer.Option(help="Of answers: decides when two are equal.")]
RecordedKeys = Annotated[
    bool, typer.Option("--recorded-keys", help="Vote by the record's keys; read none anew.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of all chance.")]
Draws = Annotated[int, typer.Option(min=2, help="Draws of the bootstrap over questions.")]


def new_progress() -> Progress:
    """Return a progress bar on stderr that leaves nothing behind."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def readings_of(
    pool: Pool,
    kind: Kind,
    progress: Progress,
    *,
    recorded_keys: bool = False,
    cut_votes: bool = False,
) -> list[Reading]:
    """Return whose vote each sample of a pool has."""
    if recorded_keys:
        return recorded(pool.questions, cut_votes=cut_votes)
    task = progress.add_task(f"{pool.name}: answers", total=None)
    equality = AnswerKeys(KillingPool(workers=os.cpu_count() or 1))
    try:
        found = asyncio.run(reread(pool.questions, kind, equality, cut_votes=cut_votes))
    finally:
        equality.close()
    progress.update(task, total=len(found), completed=len(found))
    return found
