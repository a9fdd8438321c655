import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.algorithms.adaptive_consistency import AdaptiveConsistency
from forethought.nodes.algorithms.esc import EarlyStoppingSelfConsistency
from forethought.nodes.algorithms.stopping import is_decided
from forethought.nodes.replay.decided import (
    CLOSE,
    beta_decided,
    half_decided,
    least_lead,
    window_unanimous,
)
from forethought.nodes.replay.strategies import windows
from forethought.nodes.replay.tally import Leads, count_leads, orders_of

WEIGHT = st.floats(0, 40, allow_nan=False)
KEYS = st.lists(st.sampled_from(["0", "1", None]), min_size=1, max_size=14)


def leads(first: list[float], second: list[float], total: list[float] | None = None) -> Leads:
    return Leads(
        leader=np.zeros((1, len(first)), dtype=np.int64),
        first=np.array([first]),
        second=np.array([second]),
        total=np.array([total or first]),
    )


@given(st.lists(st.tuples(WEIGHT, WEIGHT), min_size=1, max_size=5))
def test_the_table_says_what_the_rule_says(pairs: list[tuple[float, float]]) -> None:
    first = [max(pair) for pair in pairs]
    second = [min(pair) for pair in pairs]
    said = beta_decided(leads(first, second))[0].tolist()
    assert said == [is_decided([a, b]) for a, b in zip(first, second, strict=True)]


def test_near_the_threshold_the_rule_itself_is_asked() -> None:
    low, high = least_lead(2)
    assert high - low <= CLOSE
    near = [low + (high - low) * k / 8 for k in range(9)]
    said = beta_decided(leads(near, [0.5] * 9))[0].tolist()
    assert said == [is_decided([a, 0.5]) for a in near]
    assert (said[0], said[-1]) == (False, True)


def test_four_equal_answers_decide_by_count() -> None:
    assert beta_decided(leads([3.0, 4.0], [0.0, 0.0])).tolist() == [[False, True]]


def test_half_the_weight_decides_from_one_half_on() -> None:
    said = half_decided(leads([0.4, 0.5, 2.0, 2.0], [0.0] * 4, [0.4, 1.0, 4.0, 4.1]))
    assert said.tolist() == [[False, True, True, False]]


@given(KEYS, st.integers(1, 5))
def test_windows_stop_where_the_service_stops(keys: list[str | None], w: int) -> None:
    answers = np.array([-1 if key is None else int(key) for key in keys])
    orders = orders_of(answers, np.arange(len(keys))[None, :])
    totals = windows(len(keys), w=w)
    unanimous = window_unanimous(orders, totals, w)[0].tolist()
    decided = beta_decided(count_leads(None, orders, totals))[0].tolist()
    candidates = [found(f"k{i}", key) for i, key in enumerate(keys)]
    cut = [tuple(candidates[start : start + w]) for start in range(0, len(keys), w)]
    for column in range(len(totals)):
        said = cut[: column + 1]
        assert unanimous[column] == EarlyStoppingSelfConsistency(n=40, w=w).stops(said)
        assert decided[column] == AdaptiveConsistency(n=40, w=w).stops(said)
