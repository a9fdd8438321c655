from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from forethought.nodes.learning.levels import (
    LEVELS,
    allocate,
    crossed_allocations,
    crossed_table_runs,
    fit_table,
    runs_by_level,
)
from forethought.nodes.learning.menu import Dish, baseline, menu_for, serve
from forethought.nodes.learning.record import Bools, Floats, Ints, record_of
from forethought.nodes.learning.runs import Runs
from made_runs import made_runs
from stepped_pools import stepped

BUDGETS = (8, 16, 32)
QUESTIONS = 100
ONE_LEVEL: Ints = np.ones((QUESTIONS, 1), dtype=np.int64)
STOPPED = Dish(vote="weighted", stops=True, n=16)
MAJORITY = Dish(vote="majority", stops=False, n=16)
ACCURACY = {8: 40, 16: 50, 32: 60}
"""Questions that best-of-N answers, by N: with a smaller N, some of the same."""


def right_in(*places: range) -> Floats:
    """Return runs that answer these questions."""
    answers = np.zeros((QUESTIONS, 1))
    for place in places:
        answers[list(place)] = 1.0
    return answers


def menu(changed: Mapping[Dish, Runs] | None = None) -> dict[Dish, Runs]:
    """Return runs in which more samples are better, and nothing beats best-of-N but what is given."""
    runs = {}
    for dish in menu_for(32, BUDGETS):
        loses = 10 if dish.vote == "majority" else 0
        cost = dish.n * (0.95 if dish.stops else 1.0)
        runs[dish] = made_runs(right_in(range(ACCURACY[dish.n] - loses)), tokens=cost)
    return runs | dict(changed or {})


def chosen_for(budget: int, changed: Mapping[Dish, Runs]) -> Dish:
    return fit_table(menu(changed), ONE_LEVEL, BUDGETS)[1, budget]


def test_best_of_n_stays_where_nothing_beats_it() -> None:
    table = fit_table(menu(), ONE_LEVEL, BUDGETS)
    assert {budget: table[1, budget] for budget in BUDGETS} == {b: baseline(b) for b in BUDGETS}
    assert set(table) == {(level, budget) for level in LEVELS for budget in BUDGETS}


def test_best_of_n_stays_where_nothing_was_seen() -> None:
    table = fit_table(menu({STOPPED: made_runs(right_in(range(50)), tokens=1)}), ONE_LEVEL, BUDGETS)
    assert {table[level, budget] for level in (2, 5) for budget in BUDGETS} == {
        baseline(b) for b in BUDGETS
    }


@pytest.mark.parametrize(("more", "chosen"), [(3, baseline(16)), (6, MAJORITY)])
def test_another_vote_is_chosen_where_it_is_surely_more_accurate(more: int, chosen: Dish) -> None:
    # k of 100 questions gained and none lost are sqrt(k / (1 - k / 100)) errors: 1.8 and 2.5.
    gains = made_runs(right_in(range(50 + more)), tokens=16)
    assert chosen_for(16, {MAJORITY: gains}) == chosen


@pytest.mark.parametrize(("tokens", "chosen"), [(14.0, STOPPED), (15.0, baseline(16))])
def test_the_same_vote_is_chosen_where_it_is_clearly_cheaper(tokens: float, chosen: Dish) -> None:
    assert chosen_for(16, {STOPPED: made_runs(right_in(range(50)), tokens=tokens)}) == chosen


def test_the_verifiers_tokens_are_tokens() -> None:
    dear = made_runs(right_in(range(50)), tokens=8, read=8)
    assert chosen_for(16, {STOPPED: dear}) == baseline(16)


def test_a_cheaper_vote_of_another_kind_is_not_chosen_for_its_price() -> None:
    assert chosen_for(16, {MAJORITY: made_runs(right_in(range(50)), tokens=1)}) == baseline(16)


def test_a_cheaper_vote_that_loses_is_not_chosen() -> None:
    # Ten lost and nine gained: a loss of 0.01 with an error of 0.044, less than a quarter of it.
    near = made_runs(right_in(range(10, 59)), tokens=8)
    assert chosen_for(16, {STOPPED: near}) == STOPPED
    loses = made_runs(right_in(range(10, 57)), tokens=8)
    assert chosen_for(16, {STOPPED: loses}) == baseline(16)


@pytest.mark.parametrize(("cost", "n"), [(7.6, 16), (7.0, 8)])
def test_neighbouring_budgets_do_not_flip_for_noise(cost: float, n: int) -> None:
    # The stop of 8 is chosen at 8. At 16 the stop of 16 stands for it, unless the smaller one is
    # clearly cheaper than its 8 tokens.
    early, same = Dish(vote="weighted", stops=True, n=8), right_in(range(40))
    costs = {early: cost, baseline(8): 9.0, STOPPED: 8.0}
    runs = {
        dish: made_runs(same, tokens=costs.get(dish, float(dish.n)))
        for dish in menu_for(16, (8, 16))
    }
    table = fit_table(runs, ONE_LEVEL, (8, 16))
    assert (table[1, 8], table[1, 16]) == (early, replace(early, n=n))


def test_levels_are_chosen_for_one_by_one() -> None:
    levels: Ints = np.where(np.arange(QUESTIONS)[:, None] < 50, 1, 4)
    gains = made_runs(right_in(range(50), range(60, 100)), tokens=16)
    table = fit_table(menu({MAJORITY: gains}), levels, BUDGETS)
    assert (table[1, 16], table[4, 16]) == (baseline(16), MAJORITY)


def test_at_no_price_the_most_accurate_is_bought_and_at_a_huge_one_the_cheapest() -> None:
    levels: Ints = np.where(np.arange(QUESTIONS)[:, None] < 50, 1, 4)
    runs, dishes = menu(), menu_for(32, BUDGETS)
    free = allocate(runs, levels, dishes, 0.0)
    assert set(free) == {1, 4}
    # All of level 1 are right from 16 on, of level 4 most with 32: ties go to the first dish.
    assert free == {1: baseline(16), 4: baseline(32)}
    dear = allocate(runs, levels, dishes, 1e6)
    assert dear == dict.fromkeys((1, 4), Dish(vote="weighted", stops=True, n=8))


def test_a_dearer_allocation_costs_no_more() -> None:
    record = record_of(stepped(30), orders=4, seed=0)
    runs = serve(record, (4, 8, 16), pilot=4)
    levels: Ints = np.repeat(np.arange(30)[:, None] % 5 + 1, 4, axis=1)
    costs = []
    for price in (0.0, 0.001, 0.01, 0.1, 1.0):
        bought = allocate(runs, levels, list(runs), price)
        costs.append(runs_by_level(runs, levels, bought, baseline(4)).all_tokens.mean())
    assert costs == sorted(costs, reverse=True)


def test_runs_are_those_of_their_level_or_else_of_the_other() -> None:
    levels: Ints = np.array([[1, 2], [2, 5]])
    runs = {baseline(n): made_runs(np.full((2, 2), n / 32)) for n in BUDGETS}
    made = runs_by_level(runs, levels, {1: baseline(8), 2: baseline(16)}, baseline(32))
    assert made.right.tolist() == [[0.25, 0.5], [0.5, 1.0]]


def crossed(runs: Mapping[Dish, Runs], levels: Ints, folds: Ints) -> list[Runs]:
    """Return all that is chosen on one half and given on the other."""
    prices: Sequence[float] = (0.0, 0.002, 0.02)
    tables = [crossed_table_runs(runs, levels, folds, budget, BUDGETS) for budget in BUDGETS]
    return tables + crossed_allocations(runs, levels, folds, prices)


def random_runs(chance: np.random.Generator, shape: tuple[int, int]) -> dict[Dish, Runs]:
    """Return runs of which each strategy costs what no other one does: costs tell the choice."""
    return {
        dish: made_runs(
            (chance.random(shape) < chance.uniform(0.3, 0.8)).astype(np.float64),
            tokens=100.0 + 7 * number,
        )
        for number, dish in enumerate(menu_for(32, BUDGETS))
    }


def relabelled(runs: Runs, where: Bools) -> Runs:
    return replace(runs, right=np.where(where[:, None], 1 - runs.right, runs.right))


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("seed", range(5))
def test_no_question_has_a_part_in_what_is_chosen_for_it(fold: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    shape = (40, 3)
    runs = random_runs(chance, shape)
    levels: Ints = chance.integers(1, 6, shape)
    folds: Ints = chance.permutation(np.arange(40) % 2)
    scored = folds == fold
    other = {dish: relabelled(ran, scored) for dish, ran in runs.items()}
    pairs = list(zip(crossed(runs, levels, folds), crossed(other, levels, folds), strict=True))
    for before, after in pairs:
        assert (before.tokens[scored] == after.tokens[scored]).all()
        assert (before.right[scored] == 1 - after.right[scored]).all()
    assert any((b.tokens[~scored] != a.tokens[~scored]).any() for b, a in pairs)
