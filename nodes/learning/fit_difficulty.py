"""Fits the difficulty model on recorded samples, and says how good one is on questions it never saw.

A fit knows the pilots of its pool: this generator, prompt and verifier. Bounds of the levels are
fifths of the pilots, so that each level is met equally often there (arXiv 2408.03314, section 3.2).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..difficulty.base import Level
from ..difficulty.features import Source, feature_names
from ..difficulty.model import estimate_difficulty
from ..errors import FitError
from ..logistic import LogisticModel
from ..policy.document import DifficultyModel
from ..replay.ballots import ballots_of
from ..replay.levels import oracle_levels
from ..replay.reading import Reading
from .calibration import Calibration, calibration_of, rank_correlation
from .logistic_fit import fit_logistic
from .pilots import PilotRow, pilot_rows
from .twofold import halves_of

ALL_SOURCES: tuple[Source, ...] = ("question", "votes", "verifier", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyReport:
    """How good estimates of difficulty were; every pilot counts as much as any other."""

    questions: int
    pilots: int
    pilot: int
    """Samples of each."""
    methods: tuple[str, ...]
    """How estimates were found, the most frequent first; a fallback shows here."""
    calibration: Calibration
    """Of P(a further sample is right)."""
    rank_correlation: float | None
    """Spearman's, of a pilot's estimate with its question's share of right samples."""
    same_level: float
    """Share of pilots whose level is the oracle's: a fifth is chance."""
    near_level: float
    """Share whose level is at most one off: 13 of 25 is chance."""


def fit_difficulty(
    readings: Sequence[Reading],
    *,
    pilot: int = 4,
    orders: int = 16,
    seed: int = 0,
    sources: Collection[Source] = ALL_SOURCES,
) -> DifficultyModel:
    """Return the model fitted on all readings; its AUC and calibration error are two-fold, held out.

    A pilot of 0 reads the question alone. `orders` are the pilots drawn from each question.

    Raises:
        FitError: there is too little to learn from, no pilot has all features of `sources`, or
            scikit-learn is not installed.
        ValueError: a question has no sample besides the pilot.
    """
    rows = pilot_rows(readings, pilot=pilot, orders=orders, seed=seed)
    report = _report(readings, rows, _held_out(readings, rows, pilot, seed, sources), pilot)
    return replace(
        _fit(rows, pilot, seed, sources),
        auc=report.calibration.auc,
        calibration_error=report.calibration.calibration_error,
    )


def difficulty_report(
    readings: Sequence[Reading],
    *,
    pilot: int = 4,
    orders: int = 16,
    seed: int = 0,
    sources: Collection[Source] = ALL_SOURCES,
) -> DifficultyReport:
    """Return how good `fit_difficulty` is on readings that it does not see, by two-fold.

    Raises:
        FitError, ValueError: as `fit_difficulty`.
    """
    rows = pilot_rows(readings, pilot=pilot, orders=orders, seed=seed)
    return _report(readings, rows, _held_out(readings, rows, pilot, seed, sources), pilot)


def assess_difficulty(
    model: DifficultyModel | None,
    readings: Sequence[Reading],
    *,
    pilot: int = 4,
    orders: int = 16,
    seed: int = 0,
) -> DifficultyReport:
    """Return how good a model is on readings; without one, how good the guess is.

    Raises:
        ValueError: a question has no sample besides the pilot.
        FitError: scikit-learn is not installed.
    """
    rows = pilot_rows(readings, pilot=pilot, orders=orders, seed=seed)
    return _report(readings, rows, [model] * len(readings), pilot)


def _fit(
    rows: Sequence[PilotRow], pilot: int, seed: int, sources: Collection[Source]
) -> DifficultyModel:
    """Return the model of the rows that have all features."""
    names = feature_names(sources if pilot else set(sources) & {"question"})
    full = [row for row in rows if all(name in row.features for name in names)]
    if not full:
        raise FitError(f"no pilot has all that is asked for: {', '.join(sources)}")
    model = fit_logistic(
        [row.features for row in full],
        [row.share for row in full],
        [row.place for row in full],
        names=names,
        seed=seed,
    )
    return DifficultyModel(model=model, bounds=_bounds(model, full), pilot=pilot)


def _bounds(model: LogisticModel, rows: Sequence[PilotRow]) -> tuple[float, float, float, float]:
    """Return the probabilities that part the pilots into fifths, falling."""
    predicted = [model.predict(row.features) for row in rows]
    first, second, third, fourth = np.quantile(predicted, [0.8, 0.6, 0.4, 0.2])
    return float(first), float(second), float(third), float(fourth)


def _held_out(
    readings: Sequence[Reading],
    rows: Sequence[PilotRow],
    pilot: int,
    seed: int,
    sources: Collection[Source],
) -> list[DifficultyModel]:
    """Return for each question the model that was fitted on the half it is not in."""
    halves = halves_of(readings)
    models = [
        _fit([row for row in rows if halves[row.place] != half], pilot, seed, sources)
        for half in (0, 1)
    ]
    return [models[half] for half in halves]


def _report(
    readings: Sequence[Reading],
    rows: Sequence[PilotRow],
    models: Sequence[DifficultyModel | None],
    pilot: int,
) -> DifficultyReport:
    """Return how good estimates are; `models` has one a question."""
    estimates = [
        estimate_difficulty(models[row.place], readings[row.place].question.text, row.candidates)
        for row in rows
    ]
    predicted = np.array([estimate.probability for estimate in estimates])
    oracle = oracle_levels([ballots_of(reading) for reading in readings])
    ease = [sum(v.right for v in reading.votes) / len(reading.votes) for reading in readings]
    levels: list[Level] = [estimate.level for estimate in estimates]
    off = np.array([abs(level - oracle[r.place]) for level, r in zip(levels, rows, strict=True)])
    methods = [estimate.method for estimate in estimates]
    return DifficultyReport(
        questions=len(readings),
        pilots=len(rows),
        pilot=pilot,
        methods=tuple(sorted(set(methods), key=methods.count, reverse=True)),
        calibration=calibration_of(predicted, np.array([row.share for row in rows])),
        rank_correlation=rank_correlation(predicted, np.array([ease[row.place] for row in rows])),
        same_level=float((off == 0).mean()),
        near_level=float((off <= 1).mean()),
    )
