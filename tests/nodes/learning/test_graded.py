import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.registry import JsonScalar
from forethought.nodes.difficulty.base import Level
from forethought.nodes.errors import FitError
from forethought.nodes.learning.graded import merge_options, options_from
from forethought.nodes.learning.graded_runs import Cost, Graded
from forethought.nodes.learning.runs import error_of
from policy_documents import option

Theta = dict[str, JsonScalar]
BEST: Theta = {"name": "best_of_n", "n": 12, "selection": "weighted", "wave": None}
BEAM: Theta = {"name": "beam_search", "n": 12, "m": 4}


def graded(
    right: Sequence[bool],
    theta: Theta = BEST,
    *,
    level: Level | None = 3,
    levels: Sequence[Level] | None = None,
    budget: int | None = 16,
    tokens: int = 100,
) -> list[Graded]:
    """One run a question, q0, q1, ..."""
    return [
        Graded(
            question=f"q{i}",
            right=one,
            level=levels[i] if levels else level,
            budget=budget,
            plans=(theta,),
            cost=Cost(generations=16, tokens=tokens, verifier_tokens=50, rounds=3),
        )
        for i, one in enumerate(right)
    ]


def test_a_strategy_that_is_surely_better_is_chosen_at_its_level() -> None:
    runs = {
        "best": graded([False] * 8 + [True] * 12),
        "beams": graded([True] * 19 + [False], BEAM, tokens=300),
    }
    (found,) = options_from(runs)
    assert (found.level, found.budget, found.theta, found.source) == (3, 16, BEAM, "beams")
    assert found.gain == pytest.approx(0.35)
    assert found.gain_error == pytest.approx(float(np.std([1] * 8 + [0] * 11 + [-1])) / 20**0.5)
    assert (found.questions, found.chosen) == (20, True)
    assert (found.outlay.accuracy, found.outlay.tokens) == (0.95, 300)
    assert (found.outlay.generations, found.outlay.verifier_tokens) == (16, 50)
    assert found.outlay.rounds == 3


def test_what_may_be_luck_is_not_chosen() -> None:
    runs = {
        "best": graded([True] * 8 + [False] * 4),
        "beams": graded([True] * 9 + [False] * 3, BEAM),
    }
    (found,) = options_from(runs)
    assert found.gain > 0 and not found.chosen


def test_only_the_best_of_those_that_are_surely_better_is_chosen() -> None:
    few, more = [True] * 10 + [False] * 10, [True] * 14 + [False] * 6
    runs = {
        "best": graded([False] * 20),
        "wide": graded(more, BEAM, tokens=900),
        "narrow": graded(more, BEAM | {"m": 2}, tokens=300),
        "majority": graded(few, {"name": "majority", "n": 12}),
    }
    assert {o.source: o.chosen for o in options_from(runs)} == {
        "majority": False,
        "narrow": True,
        "wide": False,
    }


def test_a_level_that_was_seen_too_seldom_is_left_out() -> None:
    levels: Sequence[Level] = (2,) * 9 + (4,) * 10
    runs = {
        "best": graded([False] * 19, levels=levels),
        "beams": graded([True] * 19, BEAM, levels=levels),
    }
    assert [o.level for o in options_from(runs)] == [4]


def test_a_lucky_pilot_is_no_gain() -> None:
    easy: Sequence[Level] = (1,) * 10 + (2,) * 10
    lucky = [True] * 10 + [False] * 10
    runs = {
        "best": graded(lucky[::-1], levels=easy[::-1]),
        "beams": graded(lucky, BEAM, levels=easy),
    }
    assert [(o.level, o.gain) for o in options_from(runs)] == [(1, 0), (2, 0)]


def test_only_questions_that_both_asked_are_compared() -> None:
    runs = {"best": graded([True] * 10), "beams": graded([True] * 10 + [False] * 10, BEAM)}
    (found,) = options_from(runs)
    assert (found.questions, found.outlay.accuracy, found.gain) == (10, 1, 0)


def test_failed_runs_count_as_wrong_at_the_level_of_their_pair_and_cost_nothing() -> None:
    beams = graded([True] * 20, BEAM)
    lost = [
        replace(run, right=False, level=None, budget=None, plans=(), cost=None) for run in beams[:5]
    ]
    (found,) = options_from({"best": graded([True] * 20), "beams": lost + beams[5:]})
    assert (found.outlay.accuracy, found.gain, found.questions) == (0.75, -0.25, 20)
    assert found.outlay.tokens == 100


def test_runs_whose_pilot_was_enough_are_runs_of_their_evaluation() -> None:
    beams = graded([True] * 10, BEAM)
    short = [replace(run, plans=()) for run in beams[:9]] + beams[9:]
    (found,) = options_from({"best": graded([False] * 10), "beams": short})
    assert (found.theta, found.questions) == (BEAM, 10)


def test_each_budget_has_its_own_baseline() -> None:
    runs = {
        "best 16": graded([True] * 10),
        "best 32": graded([False] * 10, BEST | {"n": 28}, budget=32),
        "beams 32": graded([True] * 10, BEAM, budget=32),
        "beams 16": graded([True] * 10, BEAM),
    }
    assert [(o.budget, o.gain) for o in options_from(runs)] == [(16, 0), (32, 1)]


def test_of_two_baselines_one_must_be_named() -> None:
    runs = {
        "first": graded([True] * 10),
        "second": graded([False] * 10),
        "beams": graded([True] * 10, BEAM),
    }
    with pytest.raises(FitError, match="'first' and 'second' are both best-of-N weighted with 16"):
        options_from(runs)
    found = options_from(runs, "second")
    assert {o.source: o.gain for o in found} == {"beams": 1, "first": 1}
    with pytest.raises(FitError, match="'beams' is none of the evaluations of best-of-N weighted"):
        options_from(runs, "beams")


@pytest.mark.parametrize(
    ("beams", "message"),
    [
        (graded([True], BEAM) + graded([True], BEST), "'beams' mixed strategies"),
        ([replace(graded([True], BEAM)[0], plans=(BEAM, BEAM))], "'beams' mixed strategies"),
        ([replace(graded([True], BEAM)[0], plans=())], "'beams' ran no strategy"),
        (graded([True], {"name": "magic"}), "ran what cannot be run again: name must be one of"),
        (graded([True], BEAM) + graded([True], BEAM, budget=8), r"mixed budgets: \[8, 16\]"),
        (graded([True], BEAM, budget=8), "no best-of-N weighted with 8 generations"),
        (graded([True], BEST | {"wave": 4}, budget=8), "no best-of-N weighted with 8"),
        ([replace(graded([True], BEAM)[0], question="x")], "share no question"),
    ],
)
def test_what_makes_no_option_is_one_sentence(beams: list[Graded], message: str) -> None:
    with pytest.raises(FitError, match=message):
        options_from({"best": graded([True] * 10), "beams": beams})


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=10, max_size=30))
def test_where_both_pilots_say_the_same_the_error_is_that_of_paired_differences(
    both: list[tuple[bool, bool]],
) -> None:
    ours, theirs = ([pair[i] for pair in both] for i in (0, 1))
    (found,) = options_from({"best": graded(theirs), "beams": graded(ours, BEAM)})
    differences = np.array(ours, float)[:, None] - np.array(theirs, float)[:, None]
    every = np.ones_like(differences, dtype=np.bool_)
    assert found.gain == pytest.approx(differences.mean())
    assert found.gain_error == pytest.approx(error_of(differences, every))
    right = np.array(ours, float)[:, None]
    assert found.outlay.error == pytest.approx(error_of(right, every))


def test_the_error_of_a_gain_is_its_spread_over_samples_of_questions() -> None:
    chance = random.Random(3)

    def run(theta: Theta) -> tuple[list[bool], list[Level]]:
        levels: list[Level] = [chance.choice((2, 4)) for _ in range(60)]
        return [chance.random() < 1 / level for level in levels], levels

    gains, errors = [], []
    for _ in range(300):
        (ours, mine), (theirs, other) = run(BEAM), run(BEST)
        runs = {"b": graded(theirs, levels=other), "a": graded(ours, BEAM, levels=mine)}
        found = options_from(runs)[0]
        gains.append(found.gain)
        errors.append(found.gain_error)
    assert np.mean(gains) == pytest.approx(0, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.std(gains), rel=0.1)


def test_a_chosen_live_option_takes_the_place_of_the_replayed_one() -> None:
    replayed = [option(3, 16, BEST, chosen=True), option(3, 32, BEST, chosen=True)]
    live = [replace(option(3, 16, BEAM, chosen=True), source="beams")]
    merged = merge_options(replayed, live)
    assert [(o.budget, o.theta["name"], o.chosen) for o in merged] == [
        (16, "best_of_n", False),
        (32, "best_of_n", True),
        (16, "beam_search", True),
    ]


def test_a_live_option_that_was_not_chosen_changes_no_choice() -> None:
    replayed = [option(3, 16, BEST, chosen=True)]
    assert merge_options(replayed, [option(3, 16, BEAM)]) == (
        option(3, 16, BEST, chosen=True),
        option(3, 16, BEAM),
    )
    assert merge_options(replayed, [option(3, 24, BEAM)]) == tuple(replayed)
