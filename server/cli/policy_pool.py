"""`forethought policy pool`: the samples of an evaluation's runs as a pool, for replays and fits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ...nodes.equality.keys import AnswerKeys
from ...nodes.replay.pool import Pool
from ...storage.store import Store
from ..evaluation.errors import EvaluationError
from ..evaluation.questions import Data, read_data
from ..replay_files import write_pool
from ..trace_pools import Recording, record_evaluation
from .db import Database
from .failing import one_sentence

SHOWN = 5
"""Ids of questions left out that are named."""


def pool_command(
    name: Annotated[str, typer.Argument(metavar="EVALUATION", help="As `eval --name` kept it.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="The file that it asked.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to: .jsonl, or .jsonl.zst compressed.")
    ],
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The first so many of each question, without those that have fewer; by default"
            " all there are.",
            show_default=False,
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Write the parallel samples of an evaluation's runs, graded, as a pool for replay and fit."""
    with one_sentence():
        recording = asyncio.run(_record(database, name, read_data(data), samples))
        if not recording.questions:
            least = f"{samples or 1} parallel sample{'' if samples in (None, 1) else 's'}"
            raise EvaluationError(f"no question of evaluation {name!r} has {least}")
        pool = write_pool(recording.questions, out)
    typer.echo(_told(pool, recording, out))


async def _record(database: str | None, name: str, data: Data, samples: int | None) -> Recording:
    equality = AnswerKeys()
    store = await Store.open(database)
    try:
        return await record_evaluation(store, name, data, equality, samples=samples)
    finally:
        await store.close()
        equality.close()


def _told(pool: Pool, recording: Recording, out: Path) -> str:
    """Return what was written and what was not, a sentence a line."""
    most = max(len(question.samples) for question in pool.questions)
    each = f"{pool.size}" if most == pool.size else f"{pool.size} to {most}"
    lines = [
        f"{out}: {len(pool.questions)} questions with {each} samples; SHA-256 {pool.sha256[:12]}"
    ]
    if short := recording.short:
        more = f" and {len(short) - SHOWN} more" if len(short) > SHOWN else ""
        lines.append(
            f"{len(short)} left out with fewer samples: {', '.join(short[:SHOWN])}{more}. Runs that"
            " stop early are mostly those of easy questions, so the pool is harder than the data."
        )
    elif most > pool.size:
        lines.append(
            f"Runs that stopped early drew fewer; a replay takes {pool.size} of each question."
            " --samples leaves out questions with fewer."
        )
    if any(sample.step_tokens for question in pool.questions for sample in question.samples):
        lines.append("Tokens of steps are estimated by characters; traces do not count them.")
    return "\n".join(lines)
