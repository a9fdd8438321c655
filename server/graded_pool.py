"""Pools out of any graded traces: what policies are fitted on where nobody ran an evaluation.

Of a run it must be known what is right: its grader says so (`answer`), or graded the answer right. A run
that is graded wrong and nothing more tells no right answer and is left out, and those are mostly the hard
ones: the pool is easier than what was asked. The graders that say what is right make up for it.
"""

from __future__ import annotations

from typing import cast

from ..nodes.equality.base import Equality
from ..nodes.values import Kind
from ..storage.store import Store
from ..storage.trace_filter import TraceFilter
from ..storage.views import TraceDetail
from .evaluation.questions import GoldQuestion
from .trace_pools import Recording, recorded_pool

PAGE = 200


async def record_graded(
    store: Store, wanted: TraceFilter, equality: Equality, *, samples: int | None = None
) -> Recording:
    """Return the samples of the wanted graded runs whose texts are kept, each a question of its own.

    Its id is that of the trace. `short` has those with too few samples and those of which no right
    answer is known.

    Raises:
        StoreError: the database cannot be read.
    """
    details: dict[str, TraceDetail] = {}
    golds: list[GoldQuestion] = []
    unknown: list[str] = []
    after: str | None = None
    while page := await store.list_traces(PAGE, wanted=wanted, after=after):
        after = page[-1].id
        for row in page:
            if row.score is None or row.status != "finished" or row.texts != "kept":
                continue
            detail = await store.read_trace(row.id)
            if (gold := gold_of(detail, row.score)) is None:
                unknown.append(row.id)
            else:
                details[row.id] = detail
                golds.append(gold)
    recording = await recorded_pool(details, golds, equality, samples=samples)
    return Recording(questions=recording.questions, short=(*recording.short, *unknown))


def gold_of(detail: TraceDetail, score: float) -> GoldQuestion | None:
    """Return the question of a run with its right answer; None where nobody knows one."""
    trace = detail.trace
    said = [grade.answer for grade in detail.grades if grade.answer]
    gold = said[-1] if said else trace.answer if score > 0.5 else None
    if gold is None:
        return None
    kind = cast(Kind, trace.kind)  # it was one when it was stored
    return GoldQuestion(id=trace.id, text=trace.question, gold=gold, kind=kind)
