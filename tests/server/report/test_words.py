import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.registry import JsonScalar
from forethought.server.report.words import (
    MINUS,
    count,
    listed,
    number,
    part,
    percent,
    points,
    reaches,
    strategy_words,
    when,
)
from hand_made_study import BASELINE, NOWHERE, interval, saved


def test_shares_are_said_in_percent_and_differences_in_points() -> None:
    assert (percent(0.4757), percent(0.4757, 0), percent(math.nan)) == ("47.6%", "48%", "not known")
    assert (part(0.484), part(0.0967)) == ("48%", "9.7%")
    assert (points(0.012), points(-0.012), points(-0.0001)) == ("+1.2", f"{MINUS}1.2", "0.0")
    assert (number(12345.6), number(None), number(-1.25, 2)) == (
        "12,346",
        "not known",
        f"{MINUS}1.25",
    )


@given(st.floats(-1, 1))
def test_a_difference_is_said_to_a_tenth_of_a_point(difference: float) -> None:
    said = float(points(difference).replace(MINUS, "-"))
    assert abs(said - 100 * difference) <= 0.05 + 1e-9


def test_words_are_counted_and_listed() -> None:
    assert (count(1, "sample"), count(1200, "sample")) == ("1 sample", "1,200 samples")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("nothing", "a", "a, b and c")


def test_a_time_is_said_to_the_minute_and_other_text_is_left() -> None:
    assert when("2026-11-23T07:00:00+00:00") == "2026-11-23 07:00 UTC"
    assert when("yesterday") == "yesterday"


def test_what_is_not_reached_is_said_with_its_share() -> None:
    assert reaches(saved(BASELINE, NOWHERE, 0.362).equal) == "does not get there (36% of draws do)"
    half = saved(BASELINE, interval(0.6, 0.5, 0.7), 0.503)
    assert reaches(half.equal) == "gets there in 50% of draws"
    assert reaches(saved(BASELINE, interval(0.6, 0.5, 0.7), 1.0).equal) == ""


@pytest.mark.parametrize(
    ("theta", "words"),
    [
        ({"name": "best_of_n", "n": 4, "selection": "weighted", "wave": None}, "best of 8"),
        (
            {"name": "best_of_n", "n": 12, "selection": "weighted", "wave": 4},
            "best of up to 16, stops early",
        ),
        ({"name": "best_of_n", "n": 4, "selection": "best"}, "best of 8 by best"),
        ({"name": "majority", "n": 28, "wave": 4}, "majority of up to 32, stops early"),
        ({"name": "beam_search", "n": 16, "width": 4}, "beam search (n 16, width 4)"),
        ({"name": "majority"}, "majority"),
    ],
)
def test_a_strategy_is_said_with_the_pilot_counted(
    theta: dict[str, JsonScalar], words: str
) -> None:
    assert strategy_words(theta, 4) == words
