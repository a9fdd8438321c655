"""`forethought ask`: one question, answered in this process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from ...nodes.budget import GENERATIONS, Budget, Effort
from ...nodes.needs import Needs
from ...nodes.state import Answer
from ...nodes.values import Kind, Message
from ..engine import Ask
from ..local_engine import open_engine
from ..narrate import Narrator
from ..settings import Settings
from .failing import one_sentence, read_settings


def ask(
    question: Annotated[str, typer.Argument(help="What to answer.")],
    effort: Annotated[
        Effort | None, typer.Option(help="How much to think at most.", show_default=False)
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Kind of answer; guessed by default.", show_default=False)
    ] = None,
    max_generations: Annotated[
        int | None, typer.Option(min=0, help="Overrides the effort.", show_default=False)
    ] = None,
    max_thinking_tokens: Annotated[
        int | None, typer.Option(min=1, help="Most tokens to generate.", show_default=False)
    ] = None,
    deadline_s: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds until an answer.", show_default=False)
    ] = None,
    needs_confidence: Annotated[
        float | None,
        typer.Option(help="P(right) that is enough, between 0 and 1.", show_default=False),
    ] = None,
    needs_seconds: Annotated[
        float | None, typer.Option(help="Seconds until an answer is needed.", show_default=False)
    ] = None,
    needs_tokens: Annotated[
        int | None, typer.Option(help="Tokens it may take.", show_default=False)
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="A stored policy (NAME, NAME@VERSION) or `builtin`; by default the active one.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer with its numbers as JSON.")
    ] = False,
) -> None:
    """Answer QUESTION: the thinking goes to stderr while it happens, the answer to stdout."""
    if not question.strip():
        raise typer.BadParameter("the question is empty")
    settings = read_settings()
    chosen = effort or settings.effort
    wanted = Ask(
        messages=(Message("user", question),),
        effort=chosen,
        budget=Budget(
            generations=GENERATIONS[chosen] if max_generations is None else max_generations,
            tokens=max_thinking_tokens,
            deadline_s=deadline_s,
        ),
        kind=kind,
        live=not as_json,
        needs=_needs(needs_confidence, needs_seconds, needs_tokens),
        policy=policy,
        face="cli",
    )
    with one_sentence():
        trace_id, answer = asyncio.run(_ask(settings, wanted))
    if as_json:
        typer.echo(json.dumps({"trace_id": trace_id, **asdict(answer)}, ensure_ascii=False))
    else:
        typer.echo(answer.text)
        typer.echo(f"(forethought traces show {trace_id})", err=True)


def _needs(confidence: float | None, seconds: float | None, tokens: int | None) -> Needs | None:
    if confidence is None and seconds is None and tokens is None:
        return None
    try:
        return Needs(confidence=confidence, seconds=seconds, tokens=tokens)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


async def _ask(settings: Settings, wanted: Ask) -> tuple[str, Answer]:
    narrator, stderr = Narrator(), Console(stderr=True, style="dim", highlight=False)
    async with open_engine(settings) as engine, engine.start(wanted) as run:
        async for event in run.events():
            if wanted.live and run.thinks:
                stderr.print(narrator.feed(event), end="", markup=False, soft_wrap=True)
        return run.trace_id, run.answer
