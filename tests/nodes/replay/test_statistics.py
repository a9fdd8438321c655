import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.replay.outcome import Outcomes
from forethought.nodes.replay.run import replay_pool
from forethought.nodes.replay.statistics import bootstrap_draws, rows_of, savings_of, uniform_n
from recorded_pools import ballots, sample

EASY = ballots(*[sample("1", 1.0)] * 8)
HARD = ballots(*[sample(answer, 0.25) for answer in "23452345"])


def replayed() -> list[Outcomes]:
    return list(replay_pool([EASY, HARD], ["easy", "hard"], size=8, subsets=16, seed=0))


def test_draws_weigh_the_questions_and_add_up() -> None:
    draws = bootstrap_draws(5, 100, seed=3)
    assert draws.shape == (100, 5)
    assert draws.sum(axis=1) == pytest.approx(1)
    assert (draws == bootstrap_draws(5, 100, seed=3)).all()


def test_the_error_of_a_coin_is_that_of_the_binomial() -> None:
    draws = bootstrap_draws(2, 20_000, seed=0)
    row = next(r for r in rows_of(replayed(), {"oracle 1": [0]}, draws) if r.strategy == "majority")
    assert (row.accuracy, row.levels["oracle 1"].accuracy) == (0.5, 1.0)
    assert row.error == pytest.approx(0.5 / 2**0.5, abs=0.01)
    assert row.noise == 0.0


def test_a_row_for_each_strategy_and_n_in_order() -> None:
    rows = rows_of(replayed(), {}, bootstrap_draws(2, 10, seed=0))
    assert [row.n for row in rows[:5]] == [1, 2, 4, 8, 1]
    assert rows[0].strategy == "coverage"


def test_savings_are_told_beside_the_same_accuracy() -> None:
    savings = {s.strategy: s for s in savings_of(replayed(), bootstrap_draws(2, 500, seed=0))}
    one = savings["Adaptive-Consistency, one at a time"]
    assert (one.against, one.n, one.within_error) == ("majority", 8, True)
    assert (one.difference.value, one.difference.low, one.difference.high) == (0, 0, 0)
    assert one.samples.value == pytest.approx(1 - (4 + 8) / 2 / 8)
    assert one.samples.low == pytest.approx(0.0)
    assert one.samples.high == pytest.approx(0.5)
    assert one.tokens.value == pytest.approx(one.samples.value)
    # One sample is as good as eight here, so beside the uniform N of its accuracy nothing is saved.
    assert one.at_equal_accuracy.value == pytest.approx(1 - 6)


@pytest.mark.parametrize(
    ("accuracy", "n"), [(0.05, 1), (0.1, 1), (0.15, 2**0.5), (0.2, 2), (0.3, 8**0.5), (0.9, 4)]
)
def test_the_uniform_n_is_read_off_the_curve(accuracy: float, n: float) -> None:
    assert uniform_n([1, 2, 4], np.array([0.1, 0.2, 0.4]), accuracy) == pytest.approx(n)


def test_a_curve_that_falls_is_taken_as_flat() -> None:
    assert uniform_n([1, 2, 4], np.array([0.1, 0.4, 0.3]), 0.4) == 2


@given(
    st.lists(st.integers(0, 16).map(lambda k: k / 16), min_size=4, max_size=4),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_more_accuracy_never_needs_fewer_samples(curve: list[float], a: float, b: float) -> None:
    low, high = (uniform_n([1, 2, 4, 8], np.array(curve), x) for x in sorted((a, b)))
    assert 1 <= low <= high <= 8
