import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.learning.calibration import (
    Floats,
    auc,
    calibration_of,
    expected_calibration_error,
    rank_correlation,
    reliability,
)

probabilities = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("predicted", "shares", "expected"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1], 0.75),
        ([0.2, 0.8], [0.25, 0.75], (9 + 0.5 * 6) / 16),
        ([0.1, 0.9], [0, 0], None),
    ],
)
def test_auc_is_the_chance_that_a_right_case_is_ranked_above_a_wrong_one(
    predicted: list[float], shares: list[float], expected: float | None
) -> None:
    assert auc(floats(*predicted), floats(*shares)) == pytest.approx(expected)


def test_the_calibration_error_is_the_mean_distance_in_the_bins() -> None:
    predicted, shares = floats(0.1, 0.1, 0.6, 0.6), floats(0, 0, 1, 0)
    bins = reliability(predicted, shares, bins=2)
    assert [(b.rows, b.predicted, b.observed) for b in bins] == [(2, 0.1, 0.0), (2, 0.6, 0.5)]
    assert expected_calibration_error(bins) == pytest.approx(0.1)


def test_bins_are_tenths_of_the_rows() -> None:
    bins = reliability(np.linspace(0, 1, 100), np.linspace(0, 1, 100))
    assert [b.rows for b in bins] == [10] * 10
    assert expected_calibration_error(bins) == pytest.approx(0.0)


def test_equal_predictions_share_a_bin() -> None:
    (only,) = reliability(floats(*[0.3] * 20), floats(*[0, 1] * 10))
    assert (only.rows, only.observed) == (20, 0.5)


def test_losses_are_means_over_cases() -> None:
    calibration = calibration_of(floats(0.5, 0.25), floats(1.0, 0.25))
    assert calibration.brier == pytest.approx((0.25 + 0.25 * 0.75) / 2)
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert calibration.log_loss == pytest.approx((np.log(2) + entropy) / 2)
    assert (calibration.observed, calibration.predicted) == (0.625, 0.375)


def test_a_sure_prediction_that_fails_has_a_finite_loss() -> None:
    assert np.isfinite(calibration_of(floats(1.0, 0.0), floats(0.0, 1.0)).log_loss)


def test_ranks_are_compared_and_what_has_none_is_not() -> None:
    assert rank_correlation(floats(1, 2, 30), floats(1, 4, 5)) == pytest.approx(1.0)
    assert rank_correlation(floats(1, 1, 1), floats(1, 4, 5)) is None


@given(probabilities)
def test_bins_hold_every_row_once_and_rise(rows: list[tuple[float, float]]) -> None:
    predicted, shares = np.array(rows).T
    bins = reliability(predicted, shares)
    assert sum(b.rows for b in bins) == len(rows)
    assert sum(b.rows * b.observed for b in bins) == pytest.approx(shares.sum())
    means = [b.predicted for b in bins]
    assert means == sorted(means)
    assert 0.0 <= expected_calibration_error(bins) <= 1.0


@given(probabilities)
def test_turning_predictions_round_turns_the_auc_round(rows: list[tuple[float, float]]) -> None:
    predicted, shares = np.round(np.array(rows), 3).T
    area, turned = auc(predicted, shares), auc(-predicted, shares)
    assert (area is None) == (turned is None)
    if area is not None and turned is not None:
        assert area + turned == pytest.approx(1.0)


@pytest.mark.parametrize(
    "call",
    [
        "calibration.auc(np.array([0.1, 0.2]), np.array([0.0, 1.0]))",
        "calibration.rank_correlation(np.array([0.1, 0.2]), np.array([0.0, 1.0]))",
        "logistic_fit.fit_logistic([{}] * 5, [0.5] * 5, range(5), names=[], seed=0)",
    ],
)
def test_without_scikit_learn_the_extra_is_named(call: str) -> None:
    script = (
        "import sys; sys.modules['sklearn'] = sys.modules['scipy'] = None\n"
        "import numpy as np\n"
        "from forethought.nodes.errors import FitError\n"
        "from forethought.nodes.learning import calibration, logistic_fit\n"
        f"try:\n    {call}\n"
        "except FitError as exc:\n    print(exc)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "fitting needs scikit-learn: pip install 'forethought[fit]'\n"
