from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from forethought.nodes.difficulty.model import estimate_difficulty
from forethought.nodes.learning.controller_replay import replay_controller
from forethought.nodes.learning.halves import Halves, Plot, fit_halves, fit_model
from forethought.nodes.learning.pilots import pilot_rows
from forethought.nodes.replay.reading import Reading
from stepped_pools import stepped

PLOT = Plot(pilot=4, orders=2, seed=3, candidates=3, generations=1)
READINGS = tuple(stepped(24, samples=12))
"""Three of every six are in each fold."""


@lru_cache
def fitted(readings: tuple[Reading, ...] = READINGS) -> Halves:
    return fit_halves(readings, PLOT)


def with_others(fold: int) -> tuple[Reading, ...]:
    """Return the pool with other samples in one fold."""
    return tuple(
        _as(reading, other) if reading.question.fold == fold else reading
        for reading, other in zip(READINGS, stepped(24, samples=12, seed=9), strict=True)
    )


def _as(reading: Reading, other: Reading) -> Reading:
    return replace(other, question=replace(other.question, id=reading.question.id))


def test_each_half_is_served_by_what_the_other_one_taught() -> None:
    halves = fitted()
    assert [set(halves.record.folds[at]) for at in halves.places] == [{0}, {1}]
    assert halves.rules[0] != halves.rules[1]


@pytest.mark.parametrize("fold", [0, 1])
def test_a_rule_has_not_seen_the_questions_that_it_is_used_on(fold: int) -> None:
    before, after = fitted(), fitted(with_others(fold))
    assert after.rules[fold] == before.rules[fold]
    assert after.rules[1 - fold] != before.rules[1 - fold]


@pytest.mark.parametrize("fold", [0, 1])
def test_levels_are_those_of_a_model_that_has_not_seen_the_questions(fold: int) -> None:
    halves = fitted()
    model = fit_model([r for r in READINGS if r.question.fold != fold], PLOT)
    for row in pilot_rows(READINGS, pilot=4, orders=2, seed=PLOT.seed):
        if READINGS[row.place].question.fold == fold:
            found = estimate_difficulty(model, "How much?", row.candidates)
            r = [c.n_tokens for c in row.candidates]
            (order,) = np.nonzero((halves.record.tokens[row.place, :, :4] == r).all(axis=1))
            assert found.level in halves.predicted[row.place, order]
            assert found.probability in halves.probabilities[row.place, order]


def test_the_controller_runs_each_half_by_the_rule_of_the_other() -> None:
    halves = fitted()
    runs = halves.controller(0.002, 12, 4)
    for at, rule in zip(halves.places, halves.rules, strict=True):
        alone = replay_controller(halves.record.part(at), rule, 0.002, n=12, pilot=4)
        assert (runs.part(at).tokens == alone.tokens).all()
        assert (runs.part(at).right == alone.right).all()


def test_levels_are_from_1_to_5_and_fall_with_the_probability() -> None:
    halves = fitted()
    assert halves.predicted.shape == halves.probabilities.shape == (24, 2)
    assert ((halves.predicted >= 1) & (halves.predicted <= 5)).all()
    for at in halves.places:
        levels, chances = halves.predicted[at].ravel(), halves.probabilities[at].ravel()
        assert (np.diff(levels[chances.argsort()]) <= 0).all()


def test_what_is_fitted_is_told() -> None:
    told: list[str] = []
    fit_halves(READINGS, PLOT, told.append)
    assert told == [
        f"half {half}: {what}" for half in (1, 2) for what in ("the controller", "difficulty")
    ]


def test_a_question_without_a_fold_is_refused() -> None:
    first, *rest = READINGS
    unfolded: Sequence[Reading] = (
        replace(first, question=replace(first.question, fold=None)),
        *rest,
    )
    with pytest.raises(ValueError, match="'q0' has no fold"):
        fit_halves(unfolded, PLOT)
