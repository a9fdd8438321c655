import itertools

from hypothesis import given
from hypothesis import strategies as st

from forethought.server.report.curves_chart import GAP, curves_chart, spread
from hand_made_study import study


def test_a_chart_names_each_curve_and_tells_it_in_words() -> None:
    chart = curves_chart("chart", study().curves, "tokens", (8,))
    for label in (">controller<", ">best-of-N<", ">levels, predicted<"):
        assert label in chart
    assert "continuous controller from 37.1% at 2,940 to 47.3% at 6,300" in chart


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8).map(sorted))
def test_names_of_curves_keep_their_order_and_their_distance(places: list[float]) -> None:
    moved = spread(places)
    assert all(b - a >= GAP - 1e-9 for a, b in itertools.pairwise(moved))
    assert max(moved) <= 0.98 + 1e-9
