import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.logistic import LogisticModel, Term

MODEL = LogisticModel(
    intercept=1.0,
    terms=(
        Term(feature="a", mean=2.0, scale=0.5, coefficient=3.0),
        Term(feature="b", mean=0.0, scale=1.0, coefficient=-1.0),
    ),
    slope=0.5,
    offset=0.25,
)


def test_features_are_standardised_and_the_log_odds_calibrated() -> None:
    log_odds = 0.5 * (1.0 + 3.0 * (2.5 - 2.0) / 0.5 - 4.0) + 0.25
    assert MODEL.predict({"a": 2.5, "b": 4.0}) == pytest.approx(1 / (1 + math.exp(-log_odds)))


def test_it_names_the_features_that_it_needs_and_passes_over_others() -> None:
    assert MODEL.features == ("a", "b")
    assert MODEL.predict({"a": 2.0, "b": 0.0, "c": 9.0}) == MODEL.predict({"a": 2.0, "b": 0.0})


def test_a_missing_feature_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        MODEL.predict({"a": 2.0})


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
def test_a_prediction_is_a_probability_however_strange_the_features(a: float, b: float) -> None:
    assert 0.0 < MODEL.predict({"a": a, "b": b}) <= 1.0


@given(st.floats(-10, 10), st.floats(0, 10))
def test_more_of_what_speaks_for_it_is_never_less_likely(a: float, more: float) -> None:
    assert MODEL.predict({"a": a + more, "b": 0.0}) >= MODEL.predict({"a": a, "b": 0.0})
