"""Writes what was graded: the grade of the trace, then the item of the evaluation.

In this order, so that a question with an item has its grade; a grade without an item is as true, and
its question is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...storage.evaluations import EvaluationItem, EvaluationRecord
from ...storage.grades import NewGrade
from ...storage.store import Store
from .run import Graded, Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far it is: what a progress bar shows."""

    done: int
    of: int
    right: int
    failed: int


def keeper(
    store: Store,
    record: EvaluationRecord,
    questions: int,
    settled: Iterable[EvaluationItem],
    tell: Callable[[Told], None],
) -> Keep:
    """Return what writes the grade and the item of a question, and tells how far all is."""
    done = list(settled)

    def told() -> None:
        tell(
            Told(
                done=len(done),
                of=questions,
                right=sum(item.right for item in done),
                failed=sum(item.error is not None for item in done),
            )
        )

    async def keep(graded: Graded) -> None:
        item = _item(graded)
        if graded.error is None:  # a run without an answer has nothing that could be graded
            await store.add_grades([_grade(graded, record)])
        await store.record_evaluation_item(record.id, item)
        done.append(item)
        told()

    told()
    return keep


def _item(graded: Graded) -> EvaluationItem:
    return EvaluationItem(
        question_id=graded.question.id,
        trace_id=graded.trace_id,
        right=graded.right,
        answer=graded.answer,
        error=graded.error,
        kind=graded.kind,
        level_by_data=graded.question.level,
    )


def _grade(graded: Graded, record: EvaluationRecord) -> NewGrade:
    return NewGrade(
        trace_id=graded.trace_id,
        grader=f"dataset:{record.data}",
        score=float(graded.right),
        note=f"{graded.question.id}: the gold answer is {graded.question.gold}",
    )
