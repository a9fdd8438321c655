import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.resampling import Resampling, logit, resample, softmax


def test_a_logit_is_the_log_of_the_odds_and_finite_at_the_ends() -> None:
    assert logit(0.75) == pytest.approx(math.log(3))
    assert logit(0.5) == 0.0
    assert -40 < logit(0.0) < -30
    assert 30 < logit(1.0) < 40


def test_the_softmax_of_logits_is_in_proportion_to_the_odds() -> None:
    assert softmax([logit(0.75), logit(0.5)]) == pytest.approx([0.75, 0.25])
    assert softmax([0.0, 800.0]) == [0.0, 1.0]


def test_systematic_draws_differ_from_their_shares_by_less_than_one() -> None:
    counts = resample([0.5, 0.3, 0.2], 10, random.Random(1), "systematic")
    assert counts == [5, 3, 2]


def test_multinomial_draws_follow_the_weights() -> None:
    counts = resample([0.7, 0.2, 0.1], 10_000, random.Random(1), "multinomial")
    assert counts == pytest.approx([7000, 2000, 1000], abs=4 * 46)


@given(
    weights=st.lists(st.floats(0.001, 1), min_size=1, max_size=8),
    n=st.integers(0, 20),
    seed=st.integers(),
    resampling=st.sampled_from(["multinomial", "systematic"]),
)
def test_every_draw_falls_somewhere(
    weights: list[float], n: int, seed: int, resampling: Resampling
) -> None:
    total = math.fsum(weights)
    counts = resample([w / total for w in weights], n, random.Random(seed), resampling)
    assert sum(counts) == n
    assert len(counts) == len(weights)
