"""`forethought eval`: questions with known answers, through the engine in this process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...nodes.algorithms.base import Strategy
from ...nodes.algorithms.registry import strategy_from
from ...nodes.budget import Effort
from ...nodes.equality.keys import AnswerKeys
from ...nodes.values import Kind
from ..evaluation.errors import EvaluationError
from ..evaluation.evaluate import Result, Session, evaluate
from ..evaluation.keep import Told
from ..evaluation.questions import Data, read_data, with_pool_levels
from ..evaluation.setup import Setup
from ..local_engine import open_engine
from ..replay_files import read_pool, write_text
from ..settings import Settings
from .evaluate_table import document_of, heading_of, table_of
from .failing import one_sentence, read_settings

WIDTH = 150
"""Columns of the table where the output is no terminal."""
INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""


def evaluation(
    data: Annotated[
        Path,
        typer.Argument(help="JSON lines of id, question and gold (or answer); level and kind."),
    ],
    effort: Annotated[
        Effort | None, typer.Option(help="How much to think at most.", show_default=False)
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="NAME, NAME@VERSION or builtin, instead of the active one.", show_default=False
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            help='Instead of any policy\'s choice: {"name": "best_of_n", "n": 16}.',
            show_default=False,
        ),
    ] = None,
    max_generations: Annotated[
        int | None, typer.Option(min=0, help="Overrides the effort.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many.", show_default=False)
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Questions asked side by side.")] = 8,
    name: Annotated[
        str | None,
        typer.Option(
            help="What it is kept as; by default the data and how they are asked give a name.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(help="Of answers; by default the data's, else math.", show_default=False),
    ] = None,
    max_answer_tokens: Annotated[
        int | None, typer.Option(min=1, help="Most tokens of one answer.", show_default=False)
    ] = None,
    pools: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Recorded samples of these questions, whose right shares say the levels.",
            show_default=False,
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask questions again whose run failed.")
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write everything as JSON.", show_default=False),
    ] = None,
) -> None:
    """Ask the questions of DATA, grade and keep the answers; begun again, it goes on where it was."""
    settings = read_settings()
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    with one_sentence():
        if policy is not None and strategy is not None:
            raise EvaluationError("give --policy or --strategy, not both")
        questions = read_data(data)
        setup = Setup(
            effort=effort or settings.effort,
            max_generations=max_generations,
            policy=policy,
            strategy=None if strategy is None else _strategy(strategy),
            kind=kind,
            max_answer_tokens=max_answer_tokens,
        )
        if pools is not None:
            pool = read_pool(pools)
            first = replace(questions, questions=questions.questions[:limit])
            questions = with_pool_levels(first, pool)
            setup = replace(setup, levels_by=pool.sha256)
        try:
            session = Session(name=name, limit=limit, at_once=at_once, retry_failed=retry_failed)
            result = asyncio.run(_evaluate(settings, questions, setup, session))
        except KeyboardInterrupt:
            typer.echo(
                "Stopped; what was answered is kept, and the same command goes on.", err=True
            )
            raise typer.Exit(INTERRUPTED) from None
        if result.summary is not None:
            console.print(heading_of(result), markup=False, highlight=False)
            console.print(table_of(result, result.summary))
        if json_file is not None:
            write_text(json_file, document_of(result))


async def _evaluate(settings: Settings, data: Data, setup: Setup, session: Session) -> Result:
    equality = AnswerKeys()
    with _progress() as progress:
        task = progress.add_task(data.name, total=None, said="")

        def tell(told: Told) -> None:
            said = f"{100 * told.right / told.done:.1f} % right" if told.done else ""
            said += f", {told.failed} failed" if told.failed else ""
            progress.update(task, completed=told.done, total=told.of, said=said)

        try:
            async with open_engine(settings) as engine:
                return await evaluate(engine, engine.store, equality, data, setup, session, tell)
        finally:
            equality.close()


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _strategy(text: str) -> Strategy:
    """Return the strategy that a JSON object describes.

    Raises:
        EvaluationError: it describes none.
    """
    try:
        document = json.loads(text)
        if isinstance(document, dict):
            return strategy_from(document)
    except ValueError as exc:  # JSONDecodeError is one
        raise EvaluationError(f"--strategy: {exc}") from exc
    raise EvaluationError(f"--strategy must be an object with a name, not {text}")
