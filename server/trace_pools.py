"""Pools out of traces: the parallel samples of an evaluation's runs, for replays and fits.

A run that stops early has drawn fewer samples, and which runs do hangs on what they drew. So only as
many as every question has are a fair draw, and where questions are left out for having fewer,
those are mostly the easy ones: the pool is harder than the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from ..nodes.equality.base import Equality
from ..nodes.errors import StoreError
from ..nodes.replay.pool import PoolQuestion, Sample
from ..nodes.values import Kind
from ..storage.store import Store
from ..storage.views import TraceDetail
from .evaluation.errors import EvaluationError
from .evaluation.questions import Data, GoldQuestion
from .trace_samples import samples_in

Keys = dict[tuple[Kind, str], str | None]
"""By kind and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What traces hold for a pool."""

    questions: tuple[PoolQuestion, ...]
    """In the order of the data."""
    short: tuple[str, ...]
    """Ids of questions left out: their run drew too few samples, or left no trace."""


async def record_evaluation(
    store: Store, name: str, data: Data, equality: Equality, *, samples: int | None = None
) -> Recording:
    """Return what the runs of the evaluation called `name` hold; `data` is what it asked.

    Raises:
        StoreError: there is no such evaluation.
        EvaluationError: it asked other data.
    """
    found = (summary.record for summary in await store.list_evaluations())
    record = next((record for record in found if record.name == name), None)
    if record is None:
        raise StoreError(f"there is no evaluation {name!r}")
    if record.data_hash != data.sha256:
        raise EvaluationError(
            f"evaluation {name!r} asked other data: its file has the hash"
            f" {record.data_hash[:12]}, and {data.name} has {data.sha256[:12]}"
        )
    runs = await store.graded_runs(name)
    asked = {run.question_id for run in runs}
    details = {
        run.question_id: await store.read_trace(run.trace_id) for run in runs if run.trace_id
    }
    golds = [question for question in data.questions if question.id in asked]
    return await recorded_pool(details, golds, equality, samples=samples)


async def recorded_pool(
    details: Mapping[str, TraceDetail],
    golds: Sequence[GoldQuestion],
    equality: Equality,
    *,
    samples: int | None = None,
) -> Recording:
    """Return the samples of traces, by question id, graded against the gold answers.

    Of each question the first `samples` that were drawn, at least 1; None takes all there are.
    """
    drawn = {id_: samples_in(detail)[:samples] for id_, detail in details.items()}
    kept = [gold for gold in golds if len(drawn.get(gold.id, ())) >= (samples or 1)]
    kinds: dict[str, Kind] = {gold.id: _kind(details[gold.id]) for gold in kept}
    keys = await _keys(kept, kinds, drawn, equality)
    return Recording(
        questions=tuple(_question(g, kinds[g.id], drawn[g.id], keys) for g in kept),
        short=tuple(gold.id for gold in golds if gold.id not in kinds),
    )


def fold_of(id_: str) -> int:
    """Return the half, 0 or 1, of the question called `id_`; by its hash, so everywhere the same."""
    return hashlib.sha256(id_.encode()).digest()[-1] % 2


async def _keys(
    golds: Sequence[GoldQuestion],
    kinds: Mapping[str, Kind],
    drawn: Mapping[str, Sequence[Sample]],
    equality: Equality,
) -> Keys:
    """Return the keys of all answers, those of a kind in one call."""
    once: dict[Kind, dict[str, None]] = {}
    for gold in golds:
        written = (gold.gold, *(sample.answer for sample in drawn[gold.id]))
        answers = (answer for answer in written if answer is not None)
        once.setdefault(kinds[gold.id], {}).update(dict.fromkeys(answers))
    return {
        (kind, answer): key
        for kind, answers in once.items()
        for answer, key in zip(answers, await equality.keys(list(answers), kind), strict=True)
    }


def _question(gold: GoldQuestion, kind: Kind, drawn: Sequence[Sample], keys: Keys) -> PoolQuestion:
    gold_key = keys[kind, gold.gold]

    def graded(sample: Sample) -> Sample:
        key = None if sample.answer is None else keys[kind, sample.answer]
        return replace(sample, key=key, right=key is not None and key == gold_key)

    return PoolQuestion(
        id=gold.id,
        text=gold.text,
        gold=gold.gold,
        gold_key=gold_key,
        fold=fold_of(gold.id),
        level=gold.level,
        subject=None,
        samples=tuple(map(graded, drawn)),
        greedy=None,
    )


def _kind(detail: TraceDetail) -> Kind:
    """Return the kind of a run's answers; it was one when it was stored."""
    return cast(Kind, detail.trace.kind)
