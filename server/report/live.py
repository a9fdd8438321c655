"""Live evaluations: runs that were put to the service, graded and stored, beside each other.

Nothing here knows what the runs were asked for; what is compared pairwise is compared on the questions
that both answered or failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...nodes.errors import StoreError
from ...nodes.evaluating import Evaluated, Summary, summarise
from ...nodes.learning.calibration import (
    BINS,
    Calibration,
    calibration_of,
    expected_calibration_error,
    reliability,
)
from ...nodes.replay.statistics import INTERVAL, Interval, bootstrap_draws
from ...storage.evaluations import EvaluationRecord
from ...storage.graded_runs import GradedRun
from ...storage.store import Store
from .errors import ReportError

PER_BIN = 15
"""Runs to a dot of a reliability diagram, at the least."""
DRAWS = 2000
PILOT = "pilot alone"
"""In place of the strategy of a run that needed none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One evaluation with its runs, at least one."""

    record: EvaluationRecord
    runs: tuple[GradedRun, ...]


async def read_evaluations(url: str | None, names: Sequence[str]) -> tuple[Evaluation, ...]:
    """Return the evaluations called `names`, in that order.

    Raises:
        StoreError: there is no such evaluation, or the database cannot be read.
        ReportError: none of its questions was asked yet.
    """
    store = await Store.open(url)
    try:
        records = {found.record.name: found.record for found in await store.list_evaluations()}
        read: list[Evaluation] = []
        for name in dict.fromkeys(names):
            if name not in records:
                raise StoreError(f"there is no evaluation {name!r}")
            runs = tuple(await store.graded_runs(name))
            if not runs:
                raise ReportError(f"evaluation {name!r} has no question that was asked")
            read.append(Evaluation(record=records[name], runs=runs))
        return tuple(read)
    finally:
        await store.close()


def summary_of(evaluation: Evaluation) -> Summary:
    """Return its accuracy and costs."""
    return summarise(
        [
            Evaluated(
                right=run.right,
                failed=run.error is not None,
                level=run.level_by_data,
                generations=run.generations,
                completion_tokens=run.completion_tokens,
                verifier_tokens=run.verifier_tokens,
                prompt_tokens=run.prompt_tokens,
                seconds=run.seconds,
            )
            for run in evaluation.runs
        ]
    )


def paired(ours: Evaluation, theirs: Evaluation) -> tuple[Interval, int] | None:
    """Return accuracy less the other's over the questions of both, and how many these are."""
    other = {run.question_id: run for run in theirs.runs}
    both = [(run, other[run.question_id]) for run in ours.runs if run.question_id in other]
    if not both:
        return None
    difference = np.array([float(a.right) - float(b.right) for a, b in both])
    drawn = bootstrap_draws(len(both), DRAWS, 0) @ difference
    low, high = np.percentile(drawn, INTERVAL)
    value = Interval(value=float(difference.mean()), low=float(low), high=float(high))
    return value, len(both)


def calibration(pairs: Iterable[tuple[float | None, bool]]) -> Calibration | None:
    """Return how good the known ones of predictions were, in as many bins as they fill.

    Raises:
        FitError: scikit-learn is not installed.
    """
    known = [(predicted, right) for predicted, right in pairs if predicted is not None]
    if not known:
        return None
    predicted = np.array([p for p, _ in known])
    right = np.array([float(r) for _, r in known])
    bins = reliability(predicted, right, max(1, min(BINS, len(known) // PER_BIN)))
    found = calibration_of(predicted, right)
    return replace(found, bins=bins, calibration_error=expected_calibration_error(bins))


def counted(evaluation: Evaluation, field: str) -> str:
    """Return how often each value of a field was met in runs with an answer, the most frequent first."""
    missing = PILOT if field == "strategy" else "none"
    answered = [run for run in evaluation.runs if run.error is None]
    counts = Counter(str(getattr(run, field) or missing) for run in answered)
    return ", ".join(f"{what} {n}" for what, n in counts.most_common()) or "no answer"
