"""Fits a calibrated logistic model, as plain numbers.

Every question counts once, however many rows it has, and its rows are never parted: the penalty is
chosen, and the calibration (Platt 1999: a line in log-odds) fitted, on predictions for questions that
the fit had not seen. Features are standardised; one that never varies is left out. Needs
scikit-learn, of the extra `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import FitError
from ..logistic import LogisticModel, Term
from .calibration import MISSING, Floats

Ints = npt.NDArray[np.int64]
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
"""Inverse L2 penalties to choose from, strictest first, where a question's loss counts as 1."""
FOLDS = 5
_FREE = 1e4
"""The inverse penalty of the calibration: next to none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Line:
    """Features to log-odds."""

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float

    def log_odds(self, x: Floats) -> Floats:
        """Return the log-odds (rows,) of features (rows, features)."""
        return np.asarray(self.intercept + ((x - self.mean) / self.scale) @ self.coefficients)


def fit_logistic(
    features: Sequence[Mapping[str, float]],
    shares: Sequence[float],
    groups: Sequence[int],
    *,
    names: Sequence[str],
    seed: int,
) -> LogisticModel:
    """Return the model of `names` that foretells `shares` in [0, 1], of equal length to `features`.

    `groups` says whose each row is. `seed` draws the folds.

    Raises:
        FitError: there are too few questions, or too few that are right or wrong, or scikit-learn
            is not installed.
        KeyError: a row lacks a feature.
    """
    _, owners, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(counts) < FOLDS:
        raise FitError(f"a fit needs {FOLDS} questions or more, not {len(counts)}")
    x = np.array([[row[name] for name in names] for row in features], dtype=np.float64)
    x = x.reshape(len(features), len(names))
    y = np.array(shares, dtype=np.float64)
    weights = 1.0 / counts[owners]
    varies = np.ptp(x, axis=0) > 1e-12
    x, kept = x[:, varies], [name for name, v in zip(names, varies, strict=True) if v]
    folds = np.random.default_rng(seed).permutation(len(counts))[owners] % FOLDS

    unseen = {s: _unseen_log_odds(x, y, weights, folds, s) for s in STRENGTHS}
    strength = min(STRENGTHS, key=lambda s: _log_loss(unseen[s], y, weights))
    slope, offset = _calibrate(unseen[strength], y, weights)
    line = _fit_line(x, y, weights, strength)
    return LogisticModel(
        intercept=line.intercept,
        terms=tuple(
            Term(feature=name, mean=float(m), scale=float(s), coefficient=float(c))
            for name, m, s, c in zip(kept, line.mean, line.scale, line.coefficients, strict=True)
        ),
        slope=slope,
        offset=offset,
    )


def _unseen_log_odds(x: Floats, y: Floats, weights: Floats, folds: Ints, strength: float) -> Floats:
    """Return the log-odds (rows,) of each fold by a fit on the others."""
    log_odds = np.empty(len(y))
    for fold in range(FOLDS):
        out = folds == fold
        line = _fit_line(x[~out], y[~out], weights[~out], strength)
        log_odds[out] = line.log_odds(x[out])
    return log_odds


def _calibrate(log_odds: Floats, y: Floats, weights: Floats) -> tuple[float, float]:
    """Return slope and offset; where the features foretell nothing, slope 0 and the base rate."""
    if np.ptp(log_odds) > 1e-12:
        line = _fit_line(log_odds[:, None], y, weights, _FREE)
        slope = float(line.coefficients[0] / line.scale[0])
        if slope > 0:
            return slope, line.intercept - slope * float(line.mean[0])
    rate = float(np.average(y, weights=weights))
    return 0.0, math.log(rate / (1 - rate))


def _fit_line(x: Floats, y: Floats, weights: Floats, strength: float) -> _Line:
    """Return the penalised fit; a row counts as a right case and a wrong one by its share."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise FitError(MISSING) from exc
    rate = float(np.average(y, weights=weights))
    if not 0 < rate < 1:
        raise FitError("too few questions have right samples, or too few wrong ones, to learn from")
    if x.shape[1] == 0:
        none = np.zeros(0)
        return _Line(
            mean=none, scale=none, coefficients=none, intercept=math.log(rate / (1 - rate))
        )
    mean = np.average(x, axis=0, weights=weights)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    scale = np.where(scale > 0, scale, 1.0)
    z = (x - mean) / scale
    fitted = LogisticRegression(C=strength, solver="newton-cholesky").fit(
        np.concatenate([z, z]),
        np.repeat([1, 0], len(y)),
        sample_weight=np.concatenate([weights * y, weights * (1 - y)]),
    )
    return _Line(
        mean=mean,
        scale=scale,
        coefficients=np.asarray(fitted.coef_[0], dtype=np.float64),
        intercept=float(fitted.intercept_[0]),
    )


def _log_loss(log_odds: Floats, y: Floats, weights: Floats) -> float:
    """Return the mean log loss, nats a question."""
    return float(np.average(np.logaddexp(0.0, log_odds) - y * log_odds, weights=weights))
