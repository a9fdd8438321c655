import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.replay.strategies import REPLAYED, waves, windows


@pytest.mark.parametrize(
    ("n", "pilot", "totals"),
    [
        (1, 0, (1,)),
        (16, 0, (4, 12, 16)),
        (64, 0, (4, 12, 28, 60, 64)),
        (2, 4, (2,)),
        (4, 4, (4,)),
        (64, 4, (4, 8, 16, 32, 64)),
        (50, 4, (4, 8, 16, 32, 50)),
    ],
)
def test_waves_double_after_the_pilot(n: int, pilot: int, totals: tuple[int, ...]) -> None:
    assert waves(n, pilot=pilot) == totals


def test_windows_are_of_one_size_but_the_last() -> None:
    assert windows(12, w=5) == (5, 10, 12)
    assert windows(5, w=5) == (5,)
    assert windows(3, w=1) == (1, 2, 3)


@given(st.sampled_from(list(REPLAYED.values())), st.integers(1, 300))
def test_totals_ascend_to_n(strategy: object, n: int) -> None:
    totals = next(s for s in REPLAYED.values() if s is strategy).rounds(n)
    assert list(totals) == sorted(set(totals))
    assert totals[-1] == n
    assert totals[0] >= 1


def test_each_early_stop_is_compared_with_the_same_vote_over_all() -> None:
    for strategy in REPLAYED.values():
        assert (strategy.stop is None) == (strategy.against is None)
        if strategy.against is not None:
            other = REPLAYED[strategy.against]
            assert (other.weights, other.best, other.stop) == (strategy.weights, False, None)
