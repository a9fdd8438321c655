"""`forethought policy pool-graded`: the samples of any graded traces as a pool, for replays and fits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ...nodes.equality.keys import AnswerKeys
from ...storage.store import Store
from ...storage.trace_filter import TraceFilter
from ..evaluation.errors import EvaluationError
from ..graded_pool import record_graded
from ..replay_files import write_pool
from ..trace_pools import Recording
from .db import Database
from .failing import one_sentence
from .trace_options import OfEffort, OfGrader, OfKind, OfModel, OfStrategy


def pool_graded_command(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to: .jsonl, or .jsonl.zst compressed.")
    ],
    samples: Annotated[
        int | None,
        typer.Option(
            min=1, help="The first so many of each run; by default all.", show_default=False
        ),
    ] = None,
    model: OfModel = None,
    kind: OfKind = None,
    strategy: OfStrategy = None,
    effort: OfEffort = None,
    grader: OfGrader = None,
    database: Database = None,
) -> None:
    """Write the parallel samples of graded runs as a pool; each run is a question of its own."""
    wanted = TraceFilter(model=model, kind=kind, strategy=strategy, effort=effort, grader=grader)
    with one_sentence():
        recording = asyncio.run(_record(database, wanted, samples))
        if not recording.questions:
            raise EvaluationError("no graded run has parallel samples and a known right answer")
        pool = write_pool(recording.questions, out)
    typer.echo(f"{out}: {len(pool.questions)} questions; SHA-256 {pool.sha256[:12]}")
    if recording.short:
        typer.echo(
            f"{len(recording.short)} runs are left out: too few samples, or nobody said what is"
            " right (`traces grade --answer`). Those are mostly hard ones, so the pool is easier."
        )


async def _record(database: str | None, wanted: TraceFilter, samples: int | None) -> Recording:
    equality = AnswerKeys()
    store = await Store.open(database)
    try:
        return await record_graded(store, wanted, equality, samples=samples)
    finally:
        await store.close()
        equality.close()
