import pytest

from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.registry import strategy_from
from forethought.nodes.learning.courses import course_of, stopped_runs, totals_for, whole_runs
from forethought.nodes.learning.menu import Dish, baseline, menu_for, serve
from forethought.nodes.learning.record import record_of
from stepped_pools import stepped


@pytest.mark.parametrize(
    ("dish", "strategy"),
    [
        (baseline(16), BestOfN(n=12)),
        (Dish(vote="weighted", stops=True, n=16), BestOfN(n=12, wave=4)),
        (Dish(vote="majority", stops=False, n=8), Majority(n=4)),
        (Dish(vote="majority", stops=True, n=8), Majority(n=4, wave=4)),
    ],
)
def test_a_dish_is_the_strategy_for_what_the_pilot_leaves(
    dish: Dish, strategy: BestOfN | Majority
) -> None:
    assert strategy_from(dish.theta(4)) == strategy


def test_a_menu_has_every_strategy_with_every_n_up_to_the_budget() -> None:
    menu = menu_for(16, (8, 16, 32))
    assert len(menu) == len(set(menu)) == 8
    assert {dish.n for dish in menu} == {8, 16}
    assert baseline(16) in menu


def test_what_is_served_is_what_the_courses_give() -> None:
    record = record_of(stepped(9), orders=3, seed=0)
    served = serve(record, (8, 16), pilot=4)
    assert set(served) == set(menu_for(16, (8, 16)))
    course = course_of(record, "majority", totals_for((8, 16), 4))
    stopped = served[Dish(vote="majority", stops=True, n=16)]
    assert (stopped.tokens == stopped_runs(course, 16, pilot=4).tokens).all()
    whole = served[Dish(vote="majority", stops=False, n=8)]
    assert (whole.right == whole_runs(course, 8, pilot=4).right).all()
    assert (served[baseline(8)].generations == 8).all()
