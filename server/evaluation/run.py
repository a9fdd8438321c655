"""Puts questions to an engine, a bounded number at once, and grades the answers.

An answer is right when the service would count it and the gold answer as one vote: by the same
equality, and not when it was cut. A run that fails costs its own question only; what goes wrong
outside of the runs, or in opening one, ends the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from ...nodes.equality.base import Equality
from ...nodes.errors import ForethoughtError
from ...nodes.state import Answer
from ...nodes.values import Kind
from ..engine import Engine
from .errors import EvaluationError
from .questions import GoldQuestion
from .setup import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One question that was asked."""

    question: GoldQuestion
    kind: Kind
    trace_id: str
    answer: str | None
    """As written; None when none was stated, or the run failed."""
    right: bool
    error: str | None
    """Why the run failed; None when it gave an answer, right or wrong."""


Keep = Callable[[Graded], Awaitable[None]]
"""Takes what was graded, as soon as it is."""


async def ask_all(
    engine: Engine,
    equality: Equality,
    questions: Sequence[GoldQuestion],
    setup: Setup,
    keep: Keep,
    *,
    at_once: int,
) -> None:
    """Ask every question, in their order and at most `at_once` of them at a time.

    Raises:
        ForethoughtError: a run could not even be opened, or `keep` raised it. Runs under way are
            cancelled; what was kept stays kept.
    """
    waiting = iter(questions)  # of all workers together

    async def work(questions: Iterator[GoldQuestion]) -> None:
        for question in questions:
            await keep(await ask_one(engine, equality, question, setup))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(questions))):
                group.create_task(work(waiting))
    except ExceptionGroup as exc:
        raise exc.exceptions[0] from exc


async def ask_one(
    engine: Engine, equality: Equality, question: GoldQuestion, setup: Setup
) -> Graded:
    """Ask one question and grade its answer.

    Raises:
        ForethoughtError: the run could not be opened.
    """
    ask, kind = setup.ask(question), setup.kind_of(question)
    async with engine.start(ask) as run:
        answer, error = None, None
        try:
            async for _ in run.events():
                pass
            answer = run.answer
        except ForethoughtError as exc:
            error = f"{type(exc).__name__}: {exc}"
    return Graded(
        question=question,
        kind=kind,
        trace_id=run.trace_id,
        answer=None if answer is None else answer.answer,
        right=answer is not None and await is_right(equality, answer, question.gold, kind),
        error=error,
    )


async def is_right(equality: Equality, answer: Answer, gold: str, kind: Kind) -> bool:
    """Say whether an answer is whole and equal to the gold one."""
    if answer.answer is None or not answer.whole:
        return False
    found, known = await equality.keys([answer.answer, gold], kind)
    return found is not None and found == known


async def check_gold(equality: Equality, questions: Sequence[GoldQuestion], setup: Setup) -> None:
    """Refuse questions that no answer could be right for.

    Raises:
        EvaluationError: a gold answer takes no part in a vote of its kind.
    """
    kinds: list[Kind] = [setup.kind_of(question) for question in questions]
    for kind in dict.fromkeys(kinds):
        of_kind = [question for question in questions if setup.kind_of(question) == kind]
        keys = await equality.keys([question.gold for question in of_kind], kind)
        for question, key in zip(of_kind, keys, strict=True):
            if key is None:
                raise EvaluationError(
                    f"question {question.id!r} cannot be graded: {question.gold!r} is no answer"
                    f" of kind {kind}"
                )
