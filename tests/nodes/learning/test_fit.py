from dataclasses import replace
from functools import lru_cache

import pytest

from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.marginal_rule import worth
from forethought.nodes.algorithms.registry import strategy_from
from forethought.nodes.learning.fit import fit_policy
from forethought.nodes.learning.halves import Plot
from forethought.nodes.learning.study import Study
from forethought.nodes.policy.document import Dial, Option, PolicyDocument, Scope
from forethought.nodes.replay.reading import Reading
from forethought.storage.documents import policy_from, policy_json
from recorded_pools import pool
from stepped_pools import stepped

READINGS = tuple(stepped(42, samples=16))
BUDGETS = (8, 16)
PLOT = Plot(pilot=4, orders=4, seed=1, draws=60, budgets=BUDGETS, candidates=4, generations=1)
WAYS = [
    "best-of-N weighted",
    "majority",
    "best-of-N weighted, early stop",
    "majority, early stop",
    "continuous controller",
    "five levels, predicted",
    "five levels, oracle",
]


def fit(readings: tuple[Reading, ...] = READINGS, plot: Plot = PLOT) -> Study:
    return fit_policy(
        [pool(*(reading.question for reading in readings))],
        readings,
        name="tiny",
        scope=Scope(kind="number"),
        made="2026-11-23T00:00:00Z",
        plot=plot,
    )


@lru_cache
def study() -> Study:
    return fit()


def policy() -> PolicyDocument:
    return study().policy


def options(level: int, budget: int) -> list[Option]:
    return [o for o in policy().options if (o.level, o.budget) == (level, budget)]


def dials(budget: int) -> list[Dial]:
    return [dial for dial in policy().dials if dial.budget == budget]


def test_the_policy_survives_its_file() -> None:
    assert policy_from(policy_json(policy())) == policy()


def test_the_same_seed_fits_the_same_policy() -> None:
    assert policy_json(fit().policy) == policy_json(policy())


@pytest.mark.parametrize("level", range(1, 6))
@pytest.mark.parametrize("budget", BUDGETS)
def test_one_option_is_chosen_for_each_level_and_budget(level: int, budget: int) -> None:
    measured = options(level, budget)
    assert [option.chosen for option in measured].count(True) == 1
    assert len({str(option.theta) for option in measured}) == len(measured) >= 4
    for option in measured:
        assert 4 + strategy_from(option.theta).generations <= budget


def test_the_costs_of_options_hold_the_pilot_and_the_verifier() -> None:
    for option in policy().options:
        if option.questions == 0:
            continue
        whole = option.theta["wave"] is None
        drawn = 4 + strategy_from(option.theta).generations
        assert option.outlay.generations == drawn if whole else 4 <= option.outlay.generations
        assert (option.outlay.verifier_tokens > 0) == (option.theta["name"] == "best_of_n")
        assert option.outlay.rounds == 2 if whole else option.outlay.rounds >= 1


def test_best_of_n_gains_nothing_over_itself() -> None:
    for budget in BUDGETS:
        itself = {"name": "best_of_n", "n": budget - 4, "selection": "weighted", "wave": None}
        rows = [o for o in policy().options if o.budget == budget and o.theta == itself]
        assert [row.level for row in rows] == [1, 2, 3, 4, 5]
        assert {(row.gain, row.gain_error) for row in rows} == {(0.0, 0.0)}


@pytest.mark.parametrize("budget", BUDGETS)
def test_one_dial_is_chosen_for_each_budget(budget: int) -> None:
    measured = dials(budget)
    assert [dial.chosen for dial in measured].count(True) == 1
    prices = [dial.price for dial in measured]
    assert prices == sorted(set(prices), reverse=True)
    assert prices[-1] == 0.0
    assert all(4 <= dial.outlay.generations <= budget for dial in measured)
    good = [dial for dial in measured if dial.gain >= -dial.gain_error]
    assert not good or good[0].chosen


@pytest.mark.parametrize(("budget", "ends"), [(8, [4, 6, 8]), (16, [4, 6, 8, 12, 16])])
def test_each_dial_ends_a_run_where_it_was_measured(budget: int, ends: list[int]) -> None:
    controller = strategy_from({**(policy().controller or {}), "n": budget})
    assert isinstance(controller, MarginalGain)
    assert [worth(controller.rule, dial.price, budget) for dial in dials(budget)] == ends


def test_the_controller_is_a_strategy_but_for_what_the_run_sets() -> None:
    assert policy().controller is not None
    assert not {"n", "price"} & set(policy().controller or {})


def test_the_policy_says_what_it_was_fitted_on() -> None:
    (source,) = policy().fitted_on
    assert (source.questions, source.samples) == (42, 16)
    assert (policy().name, policy().scope, policy().seed) == ("tiny", Scope(kind="number"), 1)
    familiar = policy().familiar
    assert familiar is not None
    assert familiar.questions == 42
    assert 0 < familiar.probability_mean < 1
    assert policy().difficulty is not None
    assert policy().confidence is not None


def test_the_study_has_a_curve_of_every_way() -> None:
    assert [curve.way for curve in study().curves] == WAYS
    for curve in study().curves[:4]:
        assert [p.budget for p in curve.points] == [4, 5, 6, 7, 8, 10, 12, 14, 16] or (
            "stop" in curve.way
        )
        tokens = [point.outlay.tokens for point in curve.points]
        assert tokens == sorted(tokens)
    for curve in study().curves:
        assert all(p.low <= p.outlay.accuracy <= p.high for p in curve.points)
        assert all(p.outlay.generations >= 4 for p in curve.points)


def test_the_study_compares_every_policy_with_best_of_n() -> None:
    rows = [(row.way, row.budget) for row in study().same_budget]
    ways = ("policy", "table, predicted levels", "table, oracle levels")
    assert rows == [(way, budget) for budget in BUDGETS for way in ways]
    for row in study().same_budget:
        low = row.versus.difference.value >= -row.versus.baseline_error
        assert row.within_error == low
        assert row.versus.ratio["generations"].value <= 1


def test_the_levels_of_a_budget_are_all_runs() -> None:
    for budget in BUDGETS:
        rows = [row for row in study().levels if row.budget == budget]
        assert sum(row.share for row in rows) == pytest.approx(1)
        for row in rows:
            (chosen,) = (o for o in options(row.level, budget) if o.chosen)
            assert chosen.theta == row.theta
            assert chosen.outlay == row.chosen


@pytest.mark.parametrize("budgets", [(4,), (3, 8), (8, 17)])
def test_a_budget_must_lie_between_the_pilot_and_the_samples(budgets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="budgets must be between 5 and 16"):
        fit(plot=replace(PLOT, budgets=budgets))


def test_pilots_and_sizes_that_no_curve_names_are_fitted_too() -> None:
    plot = replace(PLOT, pilot=2, budgets=(9, 11), orders=2)
    made = fit(tuple(stepped(24, samples=13)), plot)
    assert {dial.budget for dial in made.policy.dials} == {9, 11}
