"""`forethought replay`: every strategy that needs no model, on samples that were recorded once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...nodes.replay.ballots import ballots_of
from ...nodes.replay.result import PoolReplay, conclude
from ...nodes.replay.run import replay_pool
from ..replay_files import read_pool, replays_folder, store_replay, write_text
from .failing import one_sentence
from .pool_files import Draws, KindOfAnswers, Pools, RecordedKeys, Seed, new_progress, readings_of
from .replay_table import markdown, render_sheet, sheets_of, summary

FORMAT = 1
"""Of the JSON document."""
WIDTH = 150
"""Columns of the tables where the output is no terminal."""


def replay(
    pools: Pools,
    subsets: Annotated[
        int, typer.Option(min=1, help="Random subsets of each question and N.")
    ] = 256,
    draws: Draws = 2000,
    seed: Seed = 0,
    kind: KindOfAnswers = "math",
    recorded_keys: RecordedKeys = False,
    cut_votes: Annotated[
        bool, typer.Option("--cut-votes", help="Let samples that the token limit cut vote.")
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write everything as JSON.", show_default=False),
    ] = None,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write the tables as Markdown.", show_default=False),
    ] = None,
    differences_file: Annotated[
        Path | None,
        typer.Option(
            "--differences",
            help="Write the answers that the record reads differently, as JSON lines.",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        bool, typer.Option("--store/--no-store", help="Keep the result in your data folder.")
    ] = True,
) -> None:
    """Replay strategies on recorded samples: accuracy, cost and savings, without a model."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    made = datetime.now(UTC)
    results: list[PoolReplay] = []
    with one_sentence():
        held = [read_pool(path) for path in pools]
        with new_progress() as progress:
            for pool in held:
                readings = readings_of(
                    pool, kind, progress, recorded_keys=recorded_keys, cut_votes=cut_votes
                )
                ballots = [ballots_of(reading) for reading in readings]
                ids = [question.id for question in pool.questions]
                outcomes = replay_pool(ballots, ids, size=pool.size, subsets=subsets, seed=seed)
                told = progress.track(outcomes, total=len(ids), description=f"{pool.name}: replay")
                results.append(conclude(pool, readings, list(told), draws=draws, seed=seed))
        for result in results:
            _show(console, result)
        document = {
            "format": FORMAT,
            "made": made.isoformat(timespec="seconds"),
            "version": version("forethought"),
            "subsets": subsets,
            "draws": draws,
            "seed": seed,
            "kind": kind,
            "keys": "recorded" if recorded_keys else "read anew",
            "cut_votes": cut_votes,
            "pools": [asdict(result) for result in results],
        }
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        if json_file:
            write_text(json_file, text)
        if markdown_file:
            write_text(markdown_file, _markdown(results))
        if differences_file:
            write_text(differences_file, _differences(results))
        if store:
            digest = sha256("".join(result.sha256 for result in results).encode()).hexdigest()
            stored = store_replay(text, replays_folder(), made, digest)
            typer.echo(f"Stored in {stored}", err=True)


def _show(console: Console, result: PoolReplay) -> None:
    console.print(summary(result), markup=False, highlight=False)
    for sheet in sheets_of(result):
        console.print(render_sheet(sheet))


def _markdown(results: Sequence[PoolReplay]) -> str:
    parts = [
        part
        for result in results
        for part in (summary(result) + "\n", *map(markdown, sheets_of(result)))
    ]
    return "\n".join(parts)


def _differences(results: Sequence[PoolReplay]) -> str:
    lines = [
        json.dumps({"pool": result.pool} | asdict(difference), ensure_ascii=False) + "\n"
        for result in results
        for difference in result.differences
    ]
    return "".join(lines)
