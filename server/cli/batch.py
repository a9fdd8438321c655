"""`forethought batch`: questions by the million, from files to Parquet, by Ray Data."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ...nodes.budget import Effort
from ...nodes.values import Kind
from .failing import one_sentence, read_settings

MISSING = "a batch needs Ray Data: pip install 'forethought[ray]'"


def batch(
    data: Annotated[
        Path,
        typer.Argument(help="JSON lines or Parquet with id, question and maybe gold; or a folder."),
    ],
    results: Annotated[Path, typer.Argument(help="Folder for Parquet; begun again, it goes on.")],
    effort: Annotated[
        Effort | None, typer.Option(help="How much to think at most.", show_default=False)
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Of answers; guessed by default.", show_default=False)
    ] = None,
    max_generations: Annotated[
        int | None, typer.Option(min=0, help="Overrides the effort.", show_default=False)
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(help="Of a Forethought server; by default actors think.", show_default=False),
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="FORETHOUGHT_API_KEY", help="For it.", show_default=False)
    ] = None,
    actors: Annotated[int, typer.Option(min=1, help="Processes that ask.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, help="Questions under way in each.")] = 32,
    rows_a_file: Annotated[int, typer.Option(min=1, help="Questions of one file.")] = 1024,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many.", show_default=False)
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask questions again that had no answer.")
    ] = False,
    ray_address: Annotated[
        str | None,
        typer.Option(help="Of a Ray cluster; by default Ray runs here.", show_default=False),
    ] = None,
) -> None:
    """Ask the questions of DATA, write answers to RESULTS; failures are rows, and asked again at will."""
    settings = read_settings()
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        typer.echo(f"Error: {MISSING}", err=True)
        raise typer.Exit(1)
    import ray  # pyright: ignore[reportMissingImports]

    from ..batch.answering import HowAsked
    from ..batch.pipeline import Work, run_batch

    how = HowAsked(
        settings=settings,
        base_url=base_url,
        api_key=api_key,
        effort=effort,
        kind=kind,
        max_generations=max_generations,
        at_once=at_once,
    )
    work = Work(
        data=data,
        results=results,
        actors=actors,
        rows_a_file=rows_a_file,
        limit=limit,
        retry_failed=retry_failed,
    )
    # One CPU more than the actors: reading and writing are tasks of their own.
    if ray_address is None:
        ray.init(num_cpus=actors + 1, include_dashboard=False, log_to_driver=False)
    else:
        ray.init(address=ray_address, log_to_driver=False)
    try:
        with one_sentence():
            done = run_batch(work, how)
    finally:
        ray.shutdown()
    told = f"{done.questions} questions in {results}, {done.failed} without an answer"
    typer.echo(told + (f", {done.right} of {done.graded} right" if done.graded else ""))
