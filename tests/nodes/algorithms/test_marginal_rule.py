from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from forethought.nodes.algorithms.marginal_rule import (
    MOST_BAR,
    Floats,
    Rule,
    bar,
    is_sure,
    next_total,
    worth,
)

SCORES = st.floats(0, 64)
RULES = st.builds(
    Rule,
    gain=st.floats(1e-4, 1),
    share=st.floats(0, 1),
    weight=st.floats(0, 4),
    trend=st.floats(-1, 1),
    floor=st.floats(0, 1),
    slope=st.floats(0, 1),
)


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def sure(rule: Rule, weight: float, total: float, before: float = np.nan) -> bool:
    return bool(is_sure(rule, floats(weight), floats(total), floats(before))[0])


def test_totals_grow_as_told() -> None:
    totals = [4]
    while totals[-1] < 64:
        totals.append(next_total(totals[-1], 64))
    assert totals == [4, 6, 8, 12, 16, 24, 32, 48, 64]


@given(total=st.integers(0, 500), most=st.integers(1, 501))
def test_the_next_total_is_larger_and_never_more_than_the_most(total: int, most: int) -> None:
    after = next_total(total, most)
    assert after <= most
    assert after > total or total >= most


@given(most=st.integers(1, 500))
def test_requests_are_logarithmic_in_the_samples(most: int) -> None:
    totals = [0]
    while totals[-1] < most:
        totals.append(next_total(totals[-1], most))
    assert len(totals) <= 2 * most.bit_length() + 3


@pytest.mark.parametrize(
    ("gain", "price", "most", "total"),
    [
        (0.04, 0.0, 64, 64),
        (0.04, 0.04, 64, 1),
        (0.04, 9.0, 64, 1),
        (0.04, 0.01, 64, 4),
        (0.04, 0.0101, 64, 3),
        (0.04, 0.0001, 64, 64),
    ],
)
def test_samples_are_worth_their_price_while_the_gain_is_at_least_that(
    gain: float, price: float, most: int, total: int
) -> None:
    assert worth(Rule(gain=gain), price, most) == total


@given(gain=st.floats(1e-4, 1), n=st.integers(1, 300))
def test_the_price_at_which_a_total_just_pays_buys_that_total(gain: float, n: int) -> None:
    assert worth(Rule(gain=gain), gain / n, 300) == n


@given(rule=RULES, prices=st.lists(st.floats(0, 1), min_size=2), most=st.integers(1, 300))
def test_a_dearer_generation_buys_no_more(rule: Rule, prices: list[float], most: int) -> None:
    totals = [worth(rule, price, most) for price in sorted(prices)]
    assert totals == sorted(totals, reverse=True)
    assert all(1 <= total <= most for total in totals)


@given(rule=RULES, weights=st.lists(SCORES, min_size=1, max_size=8))
def test_a_bar_rises_with_the_leader_between_its_bounds(rule: Rule, weights: list[float]) -> None:
    bars = bar(rule, floats(*sorted(weights)))
    assert (np.diff(bars) >= 0).all()
    assert (bars >= min(rule.floor, MOST_BAR)).all()
    assert (bars <= MOST_BAR).all()


def test_a_bar_is_the_floor_then_a_part_of_the_leader_then_even() -> None:
    rule = Rule(floor=0.125, slope=0.25)
    assert bar(rule, floats(0, 0.25, 1, 2, 3)).tolist() == [0.125, 0.125, 0.25, 0.5, 0.5]


def test_a_leader_is_sure_with_weight_and_share_exactly() -> None:
    rule = Rule(share=0.75, weight=1.5)
    assert sure(rule, 1.5, 2.0)
    assert not sure(rule, 1.4375, 1.5)
    assert not sure(rule, 1.5, 2.0625)
    assert not sure(rule, 0.0, 0.0)


def test_a_trend_counts_on_top_only_where_there_was_a_wave_before() -> None:
    rule = Rule(share=0.75, weight=1.0, trend=0.5)
    assert not sure(rule, 1.25, 2.0)
    assert not sure(rule, 1.25, 2.0, before=0.5)
    assert sure(rule, 1.25, 2.0, before=0.375)
    assert not sure(rule, 1.5, 2.0, before=0.875)


@given(rule=RULES, votes=st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=2))
def test_more_weight_and_more_share_are_no_less_sure(
    rule: Rule, votes: list[tuple[float, float]]
) -> None:
    (less, others), (more, fewer) = votes
    less, more = sorted((less, more))
    fewer, others = sorted((fewer, others))
    if sure(rule, less, less + others):
        assert sure(rule, more, more + others)
        assert sure(rule, less, less + fewer)


@given(rule=RULES, weight=SCORES, others=SCORES, before=st.floats(0, 1))
def test_a_better_standing_before_is_a_weaker_rise(
    rule: Rule, weight: float, others: float, before: float
) -> None:
    trends = [Rule(share=rule.share, weight=rule.weight, trend=t) for t in (-0.5, 0.0, 0.5)]
    answers = [sure(r, weight, weight + others, before) for r in trends]
    expected = before * (weight + others)
    assume(abs(weight - expected) > 1e-9)  # at a standstill rounding decides
    rises = weight > expected
    assert all(a <= b if rises else a >= b for a, b in pairwise(answers))
