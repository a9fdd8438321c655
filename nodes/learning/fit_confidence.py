"""Fits P(the answer is right) on votes among recorded samples, and says how good it is.

A fit knows votes among independent samples of its pool; what a tree search finds is close to that only
as far as `verdict_features.py` counts it so. The share of the vote is reported beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..algorithms.base import Selection
from ..errors import FitError
from ..logistic import LogisticModel
from ..replay.reading import Reading
from ..verdict_features import SCORED_FEATURES, VERDICT_FEATURES
from .calibration import Calibration, calibration_of
from .logistic_fit import fit_logistic
from .pilots import VerdictRow, verdict_rows
from .twofold import halves_of

TOTALS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceReport:
    """How good P(the answer is right) was; every vote counts as much as any other."""

    questions: int
    calibration: Calibration
    by_samples: tuple[tuple[int, Calibration], ...]
    """The same of the votes of each N, ascending."""
    vote_share: Calibration
    """Of the share of the vote, taken for a probability."""


def fit_confidence(
    readings: Sequence[Reading],
    *,
    totals: Sequence[int] | None = None,
    orders: int = 4,
    seed: int = 0,
    selection: Selection = "weighted",
    scores: bool = True,
) -> LogisticModel:
    """Return the model fitted on the votes of each N in `totals` in `orders` of each question.

    Without `totals` they are the powers of two up to the fewest samples of a question. `scores`
    says whether the verifier's are among its features.

    Raises:
        FitError: there is too little to learn from, no vote has scores where they are asked for,
            or scikit-learn is not installed.
        ValueError: a question has fewer samples than the largest N.
    """
    return _fit(_rows(readings, totals, orders, seed, selection), seed, scores)


def confidence_report(
    readings: Sequence[Reading],
    *,
    totals: Sequence[int] | None = None,
    orders: int = 4,
    seed: int = 0,
    selection: Selection = "weighted",
    scores: bool = True,
) -> ConfidenceReport:
    """Return how good `fit_confidence` is on readings that it does not see, by two-fold.

    Raises:
        FitError, ValueError: as `fit_confidence`.
    """
    rows = _rows(readings, totals, orders, seed, selection)
    halves = halves_of(readings)
    models = [_fit([r for r in rows if halves[r.place] != h], seed, scores) for h in (0, 1)]
    return _report(rows, [models[half] for half in halves])


def assess_confidence(
    model: LogisticModel,
    readings: Sequence[Reading],
    *,
    totals: Sequence[int] | None = None,
    orders: int = 4,
    seed: int = 0,
    selection: Selection = "weighted",
) -> ConfidenceReport:
    """Return how good a model is on readings.

    Raises:
        KeyError: a vote lacks a feature that the model needs.
        ValueError: a question has fewer samples than the largest N.
        FitError: scikit-learn is not installed.
    """
    rows = _rows(readings, totals, orders, seed, selection)
    return _report(rows, [model] * len(readings))


def _rows(
    readings: Sequence[Reading],
    totals: Sequence[int] | None,
    orders: int,
    seed: int,
    selection: Selection,
) -> list[VerdictRow]:
    if totals is None:
        fewest = min((len(reading.votes) for reading in readings), default=1)
        totals = [n for n in TOTALS if n <= fewest]
    return verdict_rows(readings, totals=totals, orders=orders, seed=seed, selection=selection)


def _fit(rows: Sequence[VerdictRow], seed: int, scores: bool) -> LogisticModel:
    """Return the model of the rows that have all features."""
    names = (*VERDICT_FEATURES, *(SCORED_FEATURES if scores else ()))
    full = [row for row in rows if all(name in row.features for name in names)]
    if not full:
        raise FitError("no vote has the verifier's scores" if rows else "there is no vote")
    return fit_logistic(
        [row.features for row in full],
        [float(row.right) for row in full],
        [row.place for row in full],
        names=names,
        seed=seed,
    )


def _report(rows: Sequence[VerdictRow], models: Sequence[LogisticModel]) -> ConfidenceReport:
    """Return how good predictions are; `models` has one a question."""
    predicted = np.array([models[row.place].predict(row.features) for row in rows])
    right = np.array([float(row.right) for row in rows])
    samples = np.array([row.samples for row in rows])
    return ConfidenceReport(
        questions=len(models),
        calibration=calibration_of(predicted, right),
        by_samples=tuple(
            (int(n), calibration_of(predicted[samples == n], right[samples == n]))
            for n in np.unique(samples)
        ),
        vote_share=calibration_of(np.array([row.confidence for row in rows]), right),
    )
