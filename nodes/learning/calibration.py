"""How good predicted probabilities are, against shares of what came true.

A share is the part of a prediction's cases that came true, in [0, 1]; 0 or 1 for a single case. A
row counts as much as any other. Needs scikit-learn and scipy, of the extra `fit`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import FitError

Floats = npt.NDArray[np.float64]
BINS = 10
MISSING = "fitting needs scikit-learn: pip install 'forethought[fit]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Predictions that are close to each other."""

    rows: int
    predicted: float
    """Their mean."""
    observed: float
    """The mean of what came true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How good predictions were."""

    rows: int
    observed: float
    """Mean share of what came true."""
    predicted: float
    """Mean prediction."""
    auc: float | None
    """P(a case that came true was given more than one that did not), ties half; None where all
    or none came true."""
    calibration_error: float
    """Mean distance of a bin's prediction from what was observed, weighed by its rows."""
    log_loss: float
    """Nats a case."""
    brier: float
    """Mean squared error of a case."""
    bins: tuple[Bin, ...]
    """Reliability, from the least predictions to the largest: tenths of the rows, fewer where equal
    predictions would be parted."""


def calibration_of(predicted: Floats, shares: Floats) -> Calibration:
    """Return how good predictions in [0, 1] were; both are (rows,), at least one.

    Raises:
        FitError: scikit-learn is not installed.
    """
    bins = reliability(predicted, shares)
    p = np.clip(predicted, 1e-9, 1 - 1e-9)
    return Calibration(
        rows=len(predicted),
        observed=float(shares.mean()),
        predicted=float(predicted.mean()),
        auc=auc(predicted, shares),
        calibration_error=expected_calibration_error(bins),
        log_loss=float(-(shares * np.log(p) + (1 - shares) * np.log(1 - p)).mean()),
        brier=float((shares * (1 - predicted) ** 2 + (1 - shares) * predicted**2).mean()),
        bins=bins,
    )


def reliability(predicted: Floats, shares: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """Return predictions in quantiles of themselves; equal ones stay together."""
    edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins))
    bin_of = np.searchsorted(edges, predicted, side="right")
    members = [bin_of == i for i in np.unique(bin_of)]
    return tuple(
        Bin(
            rows=int(m.sum()),
            predicted=float(predicted[m].mean()),
            observed=float(shares[m].mean()),
        )
        for m in members
    )


def expected_calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the mean distance of prediction from observation (Naeini et al. 2015, section 2)."""
    rows = sum(b.rows for b in bins)
    return sum(b.rows * abs(b.predicted - b.observed) for b in bins) / rows


def auc(predicted: Floats, shares: Floats) -> float | None:
    """Return the area under the ROC curve, a row being a right case and a wrong one by its share.

    Raises:
        FitError: scikit-learn is not installed.
    """
    if not 0 < shares.sum() < len(shares):
        return None
    try:
        from sklearn.metrics import roc_auc_score
    except ImportError as exc:
        raise FitError(MISSING) from exc
    rows = len(shares)
    return float(
        roc_auc_score(
            np.repeat([1, 0], rows),
            np.tile(predicted, 2),
            sample_weight=np.concatenate([shares, 1 - shares]),
        )
    )


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Return Spearman's correlation of two (rows,); None where either is all the same.

    Raises:
        FitError: scipy is not installed.
    """
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    try:
        from scipy.stats import rankdata
    except ImportError as exc:
        raise FitError(MISSING) from exc
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
