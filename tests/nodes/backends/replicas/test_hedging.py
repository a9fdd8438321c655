from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.backends.replicas.hedging import (
    ENOUGH,
    LEAST_S,
    SAVED,
    SHARE,
    Allowance,
    Pace,
)


def test_nobody_straggles_before_enough_is_known_of_its_kind() -> None:
    pace = Pace()
    for _ in range(ENOUGH - 1):
        pace.note("sample", 1.0)
    pace.note("score", 0.01)
    assert pace.straggles_after_s("sample") is None
    pace.note("sample", 1.0)
    assert pace.straggles_after_s("sample") == 2.0
    assert pace.straggles_after_s("score") is None


def test_one_stall_in_twenty_does_not_raise_the_threshold() -> None:
    pace = Pace()
    for k in range(200):
        pace.note("sample", 60.0 if k % 20 == 0 else 1.0)
    assert pace.straggles_after_s("sample") == 2.0


@given(st.lists(st.floats(0, 1000), min_size=ENOUGH, max_size=300))
def test_at_most_one_in_ten_of_the_known_took_longer_than_half_the_threshold(
    durations: list[float],
) -> None:
    pace = Pace()
    for seconds in durations:
        pace.note("x", seconds)
    threshold = pace.straggles_after_s("x")
    assert threshold is not None
    assert threshold >= LEAST_S
    known = durations[-128:]
    assert sum(2 * seconds > threshold for seconds in known) <= 0.1 * len(known) + 1


@given(st.lists(st.booleans(), max_size=500))
def test_second_requests_are_a_tenth_of_the_first_ones_and_a_few(asked: list[bool]) -> None:
    allowance, firsts, seconds = Allowance(), 0, 0
    for hedges in asked:
        allowance.earn()
        firsts += 1
        seconds += hedges and allowance.take()
    assert seconds <= SHARE * firsts + SAVED
