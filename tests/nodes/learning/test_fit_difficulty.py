import random
from dataclasses import replace

import pytest

from forethought.nodes.difficulty.base import level_of
from forethought.nodes.difficulty.features import Source, feature_names
from forethought.nodes.errors import FitError
from forethought.nodes.learning.fit_difficulty import (
    assess_difficulty,
    difficulty_report,
    fit_difficulty,
)
from forethought.nodes.learning.logistic_fit import fit_logistic
from forethought.nodes.learning.pilots import pilot_rows
from forethought.nodes.learning.twofold import halves_of
from forethought.nodes.replay.reading import Reading
from simulated_pools import readings

POOL = readings(80, samples=16)
QUESTION: tuple[Source, ...] = ("question",)
VOTES: tuple[Source, ...] = ("votes",)
VERIFIER: tuple[Source, ...] = ("verifier",)


def test_a_fit_finds_what_made_the_labels() -> None:
    chance = random.Random(0)
    x = [chance.gauss(3, 2) for _ in range(2000)]
    shares = [1 / (1 + pow(2.718281828, -(v - 3))) for v in x]
    model = fit_logistic([{"x": v} for v in x], shares, range(2000), names=["x"], seed=0)
    for value in (0.0, 3.0, 5.0):
        expected = 1 / (1 + pow(2.718281828, -(value - 3)))
        assert model.predict({"x": value}) == pytest.approx(expected, abs=0.01)


def test_a_question_counts_once_however_many_rows_it_has() -> None:
    rows: list[tuple[int, float]] = [(i % 10, 1.0) for i in range(500)]
    rows += [(i, 0.0) for i in range(10, 100)]
    model = fit_logistic(
        [{"x": 1.0} for _ in rows], [y for _, y in rows], [g for g, _ in rows], names=["x"], seed=0
    )
    assert model.predict({"x": 1.0}) == pytest.approx(0.1, abs=0.01)


def test_a_feature_that_never_varies_is_not_asked_for() -> None:
    features = [{"x": float(i % 7), "same": 2.0} for i in range(50)]
    shares = [(i % 7) / 7 for i in range(50)]
    model = fit_logistic(features, shares, range(50), names=["x", "same"], seed=0)
    assert model.features == ("x",)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_learned_from_what_is_all_the_same(share: float) -> None:
    with pytest.raises(FitError, match="too few"):
        fit_logistic([{"x": 1.0}] * 10, [share] * 10, range(10), names=["x"], seed=0)


def test_too_few_questions_are_refused() -> None:
    with pytest.raises(FitError, match="5 questions"):
        fit_logistic([{"x": 1.0}] * 10, [0.5] * 10, [1, 2] * 5, names=["x"], seed=0)


def test_difficulty_is_predicted_for_questions_that_the_fit_never_saw() -> None:
    report = difficulty_report(POOL, orders=4)
    assert report.questions == 80
    assert report.pilots == 320
    assert report.methods == ("fitted on the pilot",)
    assert report.calibration.auc is not None and report.calibration.auc > 0.75
    assert report.calibration.calibration_error < 0.1
    assert report.rank_correlation is not None and report.rank_correlation > 0.7
    assert report.same_level > 0.35
    assert report.near_level > 0.75


def test_the_model_keeps_what_was_held_out_and_fifths_of_its_pilots() -> None:
    model = fit_difficulty(POOL, orders=4, seed=3)
    calibration = difficulty_report(POOL, orders=4, seed=3).calibration
    assert (model.auc, model.calibration_error) == (calibration.auc, calibration.calibration_error)
    assert list(model.bounds) == sorted(model.bounds, reverse=True)
    rows = pilot_rows(POOL, pilot=4, orders=4, seed=3)
    levels: list[int] = [level_of(model.model.predict(row.features), model.bounds) for row in rows]
    assert all(levels.count(level) == pytest.approx(64, abs=3) for level in range(1, 6))


def test_the_same_seed_gives_the_same_model() -> None:
    assert fit_difficulty(POOL, orders=2, seed=1) == fit_difficulty(POOL, orders=2, seed=1)


def test_a_fit_asks_only_for_its_sources() -> None:
    model = fit_difficulty(POOL, orders=2, sources=VOTES)
    assert set(model.model.features) <= set(feature_names(VOTES))


def test_more_samples_foretell_more() -> None:
    few, many = (difficulty_report(POOL, pilot=n, orders=4).calibration for n in (1, 8))
    assert many.log_loss < few.log_loss


def test_what_tells_nothing_is_given_the_base_rate() -> None:
    report = difficulty_report(readings(60, telling=False), orders=2, sources=VOTES)
    assert report.calibration.auc == pytest.approx(0.5, abs=0.08)
    assert report.calibration.calibration_error < 0.1


def test_a_model_of_the_question_alone_draws_no_sample() -> None:
    varied = [_asked(reading, i) for i, reading in enumerate(POOL)]
    report = difficulty_report(varied, pilot=0, sources=QUESTION)
    assert (report.pilots, report.methods) == (80, ("fitted on the question alone",))


def test_a_pool_without_scores_cannot_teach_their_use() -> None:
    with pytest.raises(FitError, match="verifier"):
        fit_difficulty(readings(10, scored=False), orders=1, sources=VERIFIER)


def test_a_model_is_assessed_on_another_pool_and_the_guess_beside_it() -> None:
    other = readings(60, seed=9)
    fitted = assess_difficulty(fit_difficulty(POOL, orders=4), other, orders=2)
    guess = assess_difficulty(None, other, orders=2)
    assert fitted.calibration.log_loss < guess.calibration.log_loss
    assert guess.methods == ("no fitted model; mean of pilot agreement and verifier mean",)


def test_what_a_pool_lacks_shows_in_the_methods() -> None:
    report = assess_difficulty(fit_difficulty(POOL, orders=1), readings(5, scored=False), orders=1)
    assert report.methods == ("features missing: verifier scores; pilot agreement",)


def test_halves_are_the_pools_own_folds_or_every_second_question() -> None:
    assert halves_of(POOL[:4]) == [0, 1, 0, 1]
    folded = [_in_fold(reading, fold) for reading, fold in zip(POOL, (1, 1, 0), strict=False)]
    assert halves_of(folded) == [1, 1, 0]


def _asked(reading: Reading, i: int) -> Reading:
    return replace(reading, question=replace(reading.question, text="Add 1 " * (1 + i % 9)))


def _in_fold(reading: Reading, fold: int) -> Reading:
    return replace(reading, question=replace(reading.question, fold=fold))
