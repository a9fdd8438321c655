import pytest

from forethought.nodes.errors import FitError
from forethought.nodes.learning.fit_confidence import (
    assess_confidence,
    confidence_report,
    fit_confidence,
)
from forethought.nodes.replay.reading import recorded
from forethought.nodes.verdict_features import SCORED_FEATURES, VERDICT_FEATURES
from recorded_pools import question, sample
from simulated_pools import readings

POOL = readings(80, samples=16)


def test_confidence_is_predicted_for_questions_that_the_fit_never_saw() -> None:
    report = confidence_report(POOL, orders=2)
    assert report.questions == 80
    assert [n for n, _ in report.by_samples] == [1, 2, 4, 8, 16]
    assert report.calibration.rows == 80 * 2 * 5
    assert report.calibration.auc is not None and report.calibration.auc > 0.75
    assert report.calibration.calibration_error < 0.1


def test_it_is_better_than_the_share_of_the_vote() -> None:
    report = confidence_report(POOL, orders=2)
    assert report.calibration.log_loss < report.vote_share.log_loss
    assert report.calibration.calibration_error < report.vote_share.calibration_error


def test_a_fit_uses_scores_only_where_it_is_told_to() -> None:
    scored = fit_confidence(POOL, totals=(2, 8), orders=1)
    assert set(scored.features) & set(SCORED_FEATURES)
    counted = fit_confidence(POOL, totals=(2, 8), orders=1, selection="majority", scores=False)
    assert set(counted.features) <= set(VERDICT_FEATURES)


def test_a_model_is_assessed_on_another_pool() -> None:
    report = assess_confidence(fit_confidence(POOL, orders=2), readings(40, seed=5), orders=1)
    assert report.calibration.auc is not None and report.calibration.auc > 0.75


def test_a_model_with_scores_cannot_be_used_without() -> None:
    with pytest.raises(KeyError, match="weight"):
        assess_confidence(fit_confidence(POOL, orders=1), readings(5, scored=False), orders=1)


def test_a_pool_without_scores_cannot_teach_their_use() -> None:
    with pytest.raises(FitError, match="scores"):
        fit_confidence(readings(10, scored=False), orders=1)


def test_no_readings_teach_nothing() -> None:
    with pytest.raises(FitError, match="no vote"):
        fit_confidence([])


def test_answers_that_are_all_wrong_teach_nothing() -> None:
    wrong = recorded([question(sample("2", 0.5), id=str(i)) for i in range(10)])
    with pytest.raises(FitError, match="too few"):
        fit_confidence(wrong)
