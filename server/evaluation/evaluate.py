"""An evaluation from where it stands to its end: what is left is asked, graded and kept.

It is known by its name. Begun again with the same data and set-up, it asks only what has no item yet:
every answer is in the database before the next question of its worker is asked, so an evaluation that
is interrupted loses the runs under way and nothing else. All runs of one are of one generator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ...nodes.equality.base import Equality
from ...nodes.evaluating import Evaluated, Summary, summarise
from ...storage.evaluations import EvaluationItem, EvaluationRecord
from ...storage.graded_runs import GradedRun
from ...storage.store import Store
from ..engine import Engine
from .errors import EvaluationError
from .keep import Told, keeper
from .questions import Data, GoldQuestion
from .run import ask_all, check_gold
from .setup import Setup

BUILTIN = "builtin"
"""The policy that is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is known of an evaluation."""

    record: EvaluationRecord
    questions: int
    """How many were to be asked, now or before."""
    runs: tuple[GradedRun, ...]
    """Those that were asked, in the order of the data."""
    summary: Summary | None
    """None when none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How much of an evaluation is run now; none of it changes an answer."""

    name: str | None = None
    """What it is kept as; None lets the data and the set-up say."""
    limit: int | None = None
    """The first so many questions; None is all."""
    at_once: int = 8
    """Questions asked side by side."""
    retry_failed: bool = False
    """Ask questions again whose run failed."""


async def evaluate(
    engine: Engine,
    store: Store,
    equality: Equality,
    data: Data,
    setup: Setup,
    session: Session,
    tell: Callable[[Told], None],
) -> Result:
    """Ask what is left of the session's questions, and return all that is known of these.

    `store` is the one that `engine` records its runs in; `tell` hears of every question.

    Raises:
        EvaluationError: no model server answers, another model does, or a gold answer is none.
        StoreError: an evaluation of this name has other data or another set-up.
    """
    if setup.policy not in (None, BUILTIN):
        setup = replace(setup, policy=(await store.read_policy(setup.policy)).reference)
    record = await store.open_evaluation(
        session.name or setup.name(data), data.name, data.sha256, setup.settings()
    )
    questions = data.questions[: session.limit]
    items = {item.question_id: item for item in await store.evaluation_items(record.id)}
    left = left_of(questions, items.values(), retry_failed=session.retry_failed)
    if left:
        await _check(engine, store, record, items.values())
        await check_gold(equality, left, setup)
        settled = [items[q.id] for q in questions if q.id in items and q not in left]
        keep = keeper(store, record, len(questions), settled, tell)
        await ask_all(engine, equality, left, setup, keep, at_once=session.at_once)
    return await read_result(store, record, questions)


def left_of(
    questions: Sequence[GoldQuestion], items: Iterable[EvaluationItem], *, retry_failed: bool
) -> list[GoldQuestion]:
    """Return the questions that are to be asked, in their order."""
    done = {item.question_id for item in items if item.error is None or not retry_failed}
    return [question for question in questions if question.id not in done]


async def read_result(
    store: Store, record: EvaluationRecord, questions: Sequence[GoldQuestion]
) -> Result:
    """Return what the store knows of `questions`."""
    found = {run.question_id: run for run in await store.graded_runs(record.name)}
    runs = tuple(found[question.id] for question in questions if question.id in found)
    return Result(
        record=record,
        questions=len(questions),
        runs=runs,
        summary=summarise(list(map(_evaluated, runs))) if runs else None,
    )


async def _check(
    engine: Engine, store: Store, record: EvaluationRecord, items: Iterable[EvaluationItem]
) -> None:
    """Refuse to begin where every run would fail, or to go on with another model."""
    if reasons := await engine.ready():
        raise EvaluationError("; ".join(reasons))
    before = next((item.trace_id for item in items if item.trace_id and not item.error), None)
    if before is None:
        return
    model = (await store.read_trace(before)).trace.model
    if model != engine.model:
        raise EvaluationError(
            f"evaluation {record.name!r} was begun with the model {model}, not {engine.model}"
        )


def _evaluated(run: GradedRun) -> Evaluated:
    return Evaluated(
        right=run.right,
        failed=run.error is not None,
        level=run.level_by_data,
        generations=run.generations,
        completion_tokens=run.completion_tokens,
        verifier_tokens=run.verifier_tokens,
        prompt_tokens=run.prompt_tokens,
        seconds=run.seconds,
    )
