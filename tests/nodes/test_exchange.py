import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.curves import Curve, Point
from forethought.nodes.exchange import inference_multiplier, offers_of

SIZES = st.floats(1.01, 1000)
TOKENS = st.floats(0.001, 1000)


def curve(level: int | None, *points: tuple[float, float], error: float | None = None) -> Curve:
    return Curve(
        level=level,
        points=tuple(Point(generations=n, accuracy=a, error=error) for n, a in points),
    )


# The stars of figure 9 for a model about 14 times as large, printed as 2^8, 2^6 and 2^4.
@pytest.mark.parametrize(
    ("tokens", "exact", "printed"),
    [(0.16, 257.75, "258"), (0.79, 14 + 39 / 0.79, "63.4"), (22, 14 + 39 / 22, "15.8")],
)
def test_the_multiplier_is_that_of_the_paper(tokens: float, exact: float, printed: str) -> None:
    multiplier = inference_multiplier(14, tokens)
    assert multiplier == pytest.approx(exact, rel=1e-12)
    assert f"{multiplier:.3g}" == printed


@given(SIZES, TOKENS, st.floats(1e6, 1e12), st.floats(1e6, 1e14))
def test_both_buys_cost_the_same(
    size: float, tokens: float, parameters: float, pretraining: float
) -> None:
    train, use = 6 * parameters * pretraining, 2 * parameters * pretraining * tokens
    small = train + use * inference_multiplier(size, tokens)
    assert small == pytest.approx(size * (train + use), rel=1e-9)


@given(SIZES, TOKENS, st.floats(1.01, 10))
def test_the_more_is_inferred_the_less_each_answer_may_cost(
    size: float, tokens: float, more: float
) -> None:
    few, many = inference_multiplier(size, tokens), inference_multiplier(size, tokens * more)
    assert size < many <= few


@pytest.mark.parametrize(("size", "tokens"), [(1, 1), (0.5, 1), (14, 0), (14, -1), (14, 1e999)])
def test_ratios_that_are_none_are_refused(size: float, tokens: float) -> None:
    with pytest.raises(ValueError, match="must be above"):
        inference_multiplier(size, tokens)


def test_each_level_has_a_verdict_of_its_own() -> None:
    easy, hard = curve(1, (1, 0.5), (16, 0.9)), curve(5, (1, 0.0), (16, 0.1))
    one, other = offers_of([easy, hard], 4, {1: 0.6, 5: 0.3})
    assert one.accuracy == pytest.approx(0.7)
    assert one.difference == pytest.approx(0.1)
    assert one.relative == pytest.approx(0.1 / 0.6)
    assert (one.better, other.better) == ("test-time compute", "larger model")


def test_without_the_larger_model_the_accuracy_is_what_it_would_have_to_reach() -> None:
    (offer,) = offers_of([curve(None, (1, 0.5), (16, 0.9))], 4, {})
    assert offer.accuracy == pytest.approx(0.7)
    assert (offer.larger, offer.difference, offer.relative, offer.better) == (None,) * 4


def test_beyond_the_end_the_end_holds_and_is_named() -> None:
    (offer,) = offers_of([curve(1, (1, 0.5), (64, 0.9))], 258, {1: 0.8})
    assert (offer.accuracy, offer.place, offer.measured) == (0.9, "beyond", 64)
    assert offer.better == "test-time compute"


@pytest.mark.parametrize(("larger", "better"), [(0.6, "larger model"), (0.5, "unknown")])
def test_before_its_beginning_a_curve_can_only_lose(larger: float, better: str) -> None:
    (offer,) = offers_of([curve(1, (4, 0.5), (16, 0.9))], 2, {1: larger})
    assert (offer.place, offer.measured, offer.better) == ("before", 4, better)


def test_equal_is_equal_and_a_larger_model_that_is_never_right_has_no_relative_change() -> None:
    same, none = offers_of([curve(1, (1, 0.5)), curve(2, (1, 0.5))], 1, {1: 0.5, 2: 0.0})
    assert (same.better, same.relative) == ("equal", 0.0)
    assert none.relative is None


@pytest.mark.parametrize(("error", "within"), [(0.1, True), (0.01, False), (None, False)])
def test_a_difference_of_a_standard_error_is_said_to_be_one(
    error: float | None, within: bool
) -> None:
    (offer,) = offers_of([curve(1, (1, 0.5), error=error)], 1, {1: 0.45})
    assert offer.within_error is within


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_better_buy_is_the_more_accurate_one(small: float, large: float) -> None:
    (offer,) = offers_of([curve(1, (1, small))], 1, {1: large})
    assert offer.better == (
        "test-time compute" if small > large else "larger model" if small < large else "equal"
    )


def test_an_accuracy_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0 to 1, not 76\.8"):
        offers_of([curve(1, (1, 0.5))], 1, {1: 76.8})
