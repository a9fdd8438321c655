import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.confidence import (
    borda_votes,
    group_confidences,
    lowest_group,
    mean,
    percentile,
    self_certainty,
)


def test_a_group_is_a_full_window() -> None:
    assert group_confidences([1.0, 3.0, 5.0, 1.0], 2) == [2.0, 4.0, 3.0]
    assert group_confidences([1.0], 2) == []


def test_a_text_shorter_than_the_window_is_one_group() -> None:
    assert lowest_group([1.0, 3.0, 5.0, 1.0], 2) == 2.0
    assert lowest_group([1.0, 3.0], 5) == 2.0


def test_the_uniform_distribution_has_no_self_certainty() -> None:
    assert self_certainty([math.log(4)] * 3, 4) == pytest.approx(0.0)
    # KL(U || p) for p = 0.7, 0.1, 0.1, 0.1 is -mean(log p) - log 4.
    likeliest = [math.log(p) for p in (0.7, 0.1, 0.1, 0.1)]
    divergence = sum(0.25 * (math.log(0.25) - x) for x in likeliest)
    assert self_certainty([-mean(likeliest)], 4) == pytest.approx(divergence)


def test_borda_votes_fall_with_the_rank() -> None:
    assert borda_votes([0.1, 0.9, 0.5], 1.0) == [1.0, 3.0, 2.0]
    assert borda_votes([0.5, 0.5], 2.0) == [4.0, 1.0]
    assert borda_votes([0.3, 0.1], 0.0) == [1.0, 1.0]


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([1.0, 2.0, 3.0], 10) == pytest.approx(1.2)
    assert percentile([7.0], 90) == 7.0
    assert percentile([1.0, 5.0], 100) == 5.0


@given(st.lists(st.floats(0, 20), min_size=1, max_size=40), st.integers(1, 12))
def test_the_lowest_group_is_within_the_tokens(confidences: list[float], window: int) -> None:
    lowest = lowest_group(confidences, window)
    assert min(confidences) - 1e-6 <= lowest <= mean(confidences) + max(confidences) + 1e-6
