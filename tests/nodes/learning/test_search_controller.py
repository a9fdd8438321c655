from dataclasses import replace

import numpy as np
import pytest

from forethought.nodes.algorithms.marginal_rule import Rule
from forethought.nodes.learning.controller_replay import replay_controller
from forethought.nodes.learning.record import Record, record_of
from forethought.nodes.learning.search_controller import (
    Baseline,
    Found,
    fit_gain,
    search_controller,
)
from forethought.nodes.replay.reading import recorded
from recorded_pools import question, sample
from stepped_pools import stepped

PAYS = record_of(stepped(36), orders=4, seed=0)
"""A third of the questions is hopeless, which shows, and a third is sure after the pilot."""
NEVER = Rule(share=2.0, floor=0.0, slope=0.0)


def find(seed: int = 0, *, trend: bool = False, generations: int = 2) -> Found:
    return search_controller(
        PAYS, pilot=4, seed=seed, trend=trend, candidates=12, elite=4, generations=generations
    )


def logarithmic(gain: float, questions: int = 200) -> Record:
    """Return a record of one order in which best-of-N is right with a chance of gain x ln N.

    A question has wrong answers of weight 0 until a right one comes, as late as it is hard.
    """
    arrivals = np.exp((np.arange(questions) + 0.5) / questions / gain)
    made = []
    for i, arrival in enumerate(arrivals):
        answers = ["1" if n + 1 >= arrival else None for n in range(64)]
        made.append(question(*(sample(a, 0.5) for a in answers), id=f"q{i}"))
    record = record_of(recorded(made), orders=1, seed=0)
    late = np.array([n + 1 >= a for a in arrivals for n in range(64)]).reshape(questions, 1, 64)
    return replace(
        record, answers=np.where(late, 0, -1), scores=late * 0.5, right=np.ones_like(record.right)
    )


@pytest.mark.parametrize("gain", [0.05, 0.1, 0.2])
def test_the_gain_is_the_slope_of_a_logarithmic_curve(gain: float) -> None:
    assert fit_gain(logarithmic(gain)) == pytest.approx(gain, abs=0.005)


def test_a_curve_that_does_not_rise_has_next_to_no_gain() -> None:
    flat = recorded([question(*[sample("2", 0.5)] * 16)])
    assert fit_gain(record_of(flat, orders=2, seed=0)) == 1e-4


def test_the_same_seed_finds_the_same_rule_and_another_seed_another_one() -> None:
    found = find()
    assert found == find()
    assert found.rule != find(seed=1).rule


def test_what_is_found_is_worth_more_than_never_to_stop_or_cut() -> None:
    found, baseline = find(), Baseline.of(PAYS, 4)
    assert found.worth == baseline.worth(PAYS, found.rule)
    assert found.worth > baseline.worth(PAYS, replace(NEVER, gain=found.rule.gain)) + 0.1
    assert found.candidates == 24


def test_what_is_found_costs_less_at_about_the_same_accuracy() -> None:
    ours = replay_controller(PAYS, find().rule, 0.0, n=16, pilot=4)
    every = replay_controller(PAYS, NEVER, 0.0, n=16, pilot=4)
    assert ours.all_tokens.mean() < 0.8 * every.all_tokens.mean()
    assert ours.right.mean() > every.right.mean() - 0.05


def test_never_to_stop_is_worth_nothing_beside_best_of_n() -> None:
    worth = Baseline.of(PAYS, 4).worth(PAYS, NEVER, ceilings=(1.0,))
    assert worth == pytest.approx(0.0, abs=0.1)


def test_the_trend_is_searched_over_only_where_that_is_asked_for() -> None:
    assert find().rule.trend == 0.0
    assert find(trend=True).rule.trend != 0.0


def test_numbers_stay_in_their_bounds() -> None:
    rule = find(trend=True).rule
    assert 0.4 <= rule.share <= 0.95
    assert 0.2 <= rule.weight <= 3.0
    assert -1.0 <= rule.trend <= 1.0
    assert 0.001 <= rule.floor <= 0.05
    assert 0.002 <= rule.slope <= 0.4
    assert rule.gain == fit_gain(PAYS)


def test_candidates_are_told_as_they_are_tried() -> None:
    told: list[int] = []
    search_controller(
        PAYS.part(np.arange(6)), pilot=4, seed=0, candidates=3, generations=2, told=told.append
    )
    assert told == [1, 2, 3, 4, 5, 6]


def test_ceilings_that_the_pilot_reaches_are_not_tried() -> None:
    baseline = Baseline.of(PAYS, 4)
    with_small = baseline.worth(PAYS, NEVER, ceilings=(1.0, 0.25, 0.125))
    assert with_small == baseline.worth(PAYS, NEVER, ceilings=(1.0,))
