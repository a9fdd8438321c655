import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.evaluating import Evaluated, Seconds, summarise, wilson

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def evaluated(*, right: bool = True, failed: bool = False, **other: Any) -> Evaluated:
    known: dict[str, Any] = {
        "level": None,
        "generations": 4,
        "completion_tokens": 100,
        "verifier_tokens": 50,
        "prompt_tokens": 20,
        "seconds": 1.0,
    }
    return Evaluated(right=right, failed=failed, **(known | other))


# Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 1 - 0.1170, 1.0),
    ],
)
def test_the_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    found = wilson(right, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, round(high, 4))


@given(COUNTS)
def test_the_share_lies_in_its_interval_and_the_interval_in_zero_to_one(
    counts: tuple[int, int],
) -> None:
    found = wilson(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(COUNTS)
def test_right_and_wrong_have_mirrored_intervals(counts: tuple[int, int]) -> None:
    right, of = counts
    one, other = wilson(right, of), wilson(of - right, of)
    assert math.isclose(one.low, 1 - other.high, abs_tol=1e-12)


@pytest.mark.parametrize(("right", "of"), [(0, 0), (2, 1), (-1, 3)])
def test_counts_that_are_none_are_refused(right: int, of: int) -> None:
    with pytest.raises(ValueError, match="right must be"):
        wilson(right, of)


def test_costs_are_means_over_the_runs_that_gave_an_answer() -> None:
    failed = evaluated(right=False, failed=True, generations=None, completion_tokens=999)
    found = summarise([evaluated(), evaluated(generations=16, completion_tokens=300), failed])
    assert (found.accuracy.right, found.accuracy.of, found.failed) == (2, 3, 1)
    assert (found.generations, found.completion_tokens) == (10, 200)
    assert (found.verifier_tokens, found.prompt_tokens) == (50, 20)


def test_seconds_have_a_mean_a_median_and_a_95th_percentile() -> None:
    found = summarise([evaluated(seconds=float(s)) for s in range(1, 102)])
    assert found.seconds == Seconds(mean=51.0, p50=51.0, p95=96.0)


def test_levels_are_those_of_the_data_in_order() -> None:
    rows = [evaluated(level=5, right=False), evaluated(level=1), evaluated(level=5), evaluated()]
    by_level = summarise(rows).by_level
    assert [(level, share.right, share.of) for level, share in by_level.items()] == [
        (1, 1, 1),
        (5, 1, 2),
    ]


def test_what_no_run_knows_is_not_told() -> None:
    found = summarise([evaluated(right=False, failed=True)])
    assert (found.generations, found.seconds, found.by_level) == (None, None, {})


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([1, 2, 3])), min_size=1))
def test_the_levels_add_up_to_all(rows: list[tuple[bool, int]]) -> None:
    found = summarise([evaluated(right=right, level=level) for right, level in rows])
    assert sum(share.of for share in found.by_level.values()) == found.accuracy.of
    assert sum(share.right for share in found.by_level.values()) == found.accuracy.right
