from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forethought.nodes.learning.compare import COSTS, Versus, equal_accuracy, placed, versus
from forethought.nodes.learning.record import Floats
from forethought.nodes.learning.runs import Runs
from made_runs import made_runs

QUESTIONS = 40
FEW, MORE, MOST = (4.0, 8.0, 16.0)


def right_in(share: float) -> Floats:
    """Return runs of 40 questions, twice each, the first `share` of which are right."""
    answers = np.arange(QUESTIONS)[:, None] < share * QUESTIONS
    return np.repeat(answers, 2, axis=1).astype(np.float64)


def costing(share: float, n: float) -> Runs:
    return made_runs(right_in(share), generations=n, tokens=100 * n, read=50 * n)


CURVE = [costing(0.25, FEW), costing(0.5, MORE), costing(0.75, MOST)]


def halved(runs: Runs) -> Runs:
    return replace(
        runs,
        generations=runs.generations / 2,
        tokens=runs.tokens / 2,
        verifier_tokens=runs.verifier_tokens / 2,
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_curve_needs_its_own_compute_for_its_own_accuracy(place: int) -> None:
    equal = equal_accuracy(CURVE, CURVE[place], draws=200, seed=0)
    assert equal.accuracy == pytest.approx(0.25 * (place + 1))
    assert equal.reached == 1
    for cost in COSTS:
        assert equal.ratio[cost].value == pytest.approx(1)
        assert equal.ratio[cost].low == pytest.approx(1)
        assert equal.ratio[cost].high == pytest.approx(1)


def test_half_of_all_costs_is_half_of_the_compute() -> None:
    equal = equal_accuracy([halved(runs) for runs in CURVE], CURVE[1], draws=50, seed=0)
    assert [equal.ratio[cost].value for cost in COSTS] == pytest.approx([0.5] * 3)


def test_an_accuracy_that_is_never_reached_has_no_cost() -> None:
    equal = equal_accuracy(CURVE[:2], CURVE[2], draws=50, seed=0)
    assert equal.reached == 0
    for cost in COSTS:
        interval = equal.ratio[cost]
        assert np.isnan([interval.value, interval.low, interval.high]).all()


def test_an_accuracy_below_the_whole_curve_costs_its_cheapest_point() -> None:
    equal = equal_accuracy(CURVE[1:], CURVE[0], draws=50, seed=0)
    assert equal.ratio["generations"].value == pytest.approx(MORE / FEW)


def test_between_two_points_compute_is_linear_in_its_log() -> None:
    equal = equal_accuracy(CURVE[1:], costing(0.625, 1.0), draws=50, seed=0)
    assert equal.ratio["generations"].value == pytest.approx((MORE * MOST) ** 0.5)


def test_a_curve_that_falls_is_taken_as_flat() -> None:
    dipping = [CURVE[0], costing(0.5, 6.0), costing(0.375, MORE), CURVE[2]]
    assert equal_accuracy(dipping, CURVE[1], draws=50, seed=0).ratio[
        "generations"
    ].value == pytest.approx(6 / MORE)


def test_the_ratio_of_all_tokens_holds_the_verifiers() -> None:
    free = [replace(runs, verifier_tokens=np.zeros((QUESTIONS, 2))) for runs in CURVE]
    equal = equal_accuracy(free, CURVE[1], draws=50, seed=0)
    assert equal.ratio["tokens"].value == pytest.approx(1)
    assert equal.ratio["all_tokens"].value == pytest.approx(2 / 3)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_point_of_a_curve_is_placed_on_it(place: int) -> None:
    ratios = placed(CURVE[place], CURVE, draws=50, seed=0)
    assert [ratios[cost].value for cost in COSTS] == pytest.approx([1] * 3)
    cheaper = placed(halved(CURVE[place]), CURVE, draws=50, seed=0)
    assert [cheaper[cost].value for cost in COSTS] == pytest.approx([0.5] * 3)


def test_what_is_beyond_the_end_of_a_curve_is_placed_at_its_end() -> None:
    ratio = placed(costing(1.0, 4.0), CURVE, draws=50, seed=0)["generations"]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((4 / MOST,) * 3)


def test_equal_runs_differ_by_nothing_in_any_draw() -> None:
    versus_itself = versus(CURVE[1], CURVE[1], draws=100, seed=0)
    assert _interval(versus_itself) == (0, 0, 0)
    assert versus_itself.error == 0
    assert versus_itself.baseline_error == pytest.approx((0.5 * 0.5 / QUESTIONS) ** 0.5, rel=0.2)
    for cost in COSTS:
        ratio = versus_itself.ratio[cost]
        assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1, 1, 1))


def _interval(held: Versus) -> tuple[float, float, float]:
    return held.difference.value, held.difference.low, held.difference.high


def test_the_bootstrap_weighs_questions_alike_on_both_sides() -> None:
    # Right on the same half, and on one question more: only that one moves the difference.
    ours, theirs = costing(0.525, MORE), costing(0.5, MORE)
    held = versus(ours, theirs, draws=2000, seed=0)
    assert held.difference.value == pytest.approx(1 / QUESTIONS)
    assert held.difference.low == 0
    assert held.error == pytest.approx((1 / 40 * 39 / 40 / QUESTIONS) ** 0.5, rel=0.1)
    other_half = made_runs(right_in(0.5)[::-1])
    assert versus(other_half, theirs, draws=2000, seed=0).error > 5 * held.error


def test_a_ratio_is_of_means_and_not_a_mean_of_ratios() -> None:
    uneven = replace(CURVE[0], tokens=np.repeat([[100.0], [300.0]], 20, axis=0) * np.ones((1, 2)))
    held = versus(uneven, CURVE[0], draws=50, seed=0)
    assert held.ratio["tokens"].value == pytest.approx(200 / 400)
    assert held.ratio["tokens"].low < 0.5 < held.ratio["tokens"].high


def test_the_same_seed_draws_the_same_interval() -> None:
    one, again = (versus(CURVE[2], CURVE[0], draws=100, seed=3) for _ in range(2))
    assert one == again
    assert versus(CURVE[2], CURVE[0], draws=100, seed=4) != one


@settings(max_examples=40)
@given(
    shares=st.lists(st.integers(0, 40), min_size=2, max_size=5),
    factor=st.floats(0.1, 10),
    aim=st.integers(0, 40),
)
def test_dearer_curves_are_dearer_by_their_factor(
    shares: list[int], factor: float, aim: int
) -> None:
    curve = [costing(share / QUESTIONS, 2.0 + n) for n, share in enumerate(shares)]
    dearer = [replace(runs, tokens=runs.tokens * factor) for runs in curve]
    target = costing(aim / QUESTIONS, 3.0)
    one, other = (equal_accuracy(c, target, draws=20, seed=0) for c in (curve, dearer))
    assert one.reached == other.reached
    assert other.ratio["tokens"].value == pytest.approx(
        factor * one.ratio["tokens"].value, nan_ok=True
    )
    assert np.isnan(one.ratio["tokens"].value) == (aim > max(shares))
