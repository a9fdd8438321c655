from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.backends.replicas.load import (
    LEAST,
    MOST,
    Load,
    next_limit,
    of_others,
    read_load,
)

PAGE = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="small"} 12.0
vllm:num_requests_running{engine="1",model_name="small"} 4.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="small"} 3.0
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 3.0
vllm:kv_cache_usage_perc{engine="0",model_name="small"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="small"} 5e-1
vllm:request_success_total{finished_reason="stop"} 100.0
"""


def test_the_engines_of_a_server_are_added_up_and_the_fullest_cache_counts() -> None:
    assert read_load(PAGE) == Load(running=16, waiting=3, cache=0.5)


def test_a_page_without_requests_says_nothing() -> None:
    assert read_load("") is None
    assert read_load("<html>no metrics</html>") is None
    assert read_load("vllm:kv_cache_usage_perc 0.5") is None
    assert read_load("vllm:num_requests_running many") is None


def test_what_the_server_has_beyond_ours_is_of_others() -> None:
    assert of_others(Load(running=16, waiting=3, cache=0), 10) == 9
    assert of_others(Load(running=1, waiting=0, cache=0), 10) == 0
    assert of_others(None, 10) == 0


LOADS = st.none() | st.builds(
    Load, running=st.floats(0, 500), waiting=st.floats(0, 500), cache=st.floats(0, 1)
)


@given(st.integers(LEAST, MOST), st.lists(st.tuples(LOADS, st.integers(0, 500))))
def test_the_limit_stays_in_its_bounds_whatever_is_read(
    limit: int, readings: list[tuple[Load | None, int]]
) -> None:
    for load, ours in readings:
        limit = next_limit(limit, load, ours)
        assert LEAST <= limit <= MOST


@given(st.integers(LEAST, MOST), st.integers(0, 5000))
def test_waiting_and_a_full_cache_never_raise_the_limit_and_silence_keeps_it(
    limit: int, ours: int
) -> None:
    waits = Load(running=1, waiting=1, cache=0)
    full = Load(running=1, waiting=0, cache=0.99)
    assert next_limit(limit, None, ours) == limit
    assert next_limit(limit, waits, ours) <= limit
    assert next_limit(limit, full, ours) <= limit
    assert next_limit(limit, Load(running=1, waiting=0, cache=0.1), ours) >= limit


def test_the_limit_finds_what_a_server_takes() -> None:
    takes, limit = 40, 256
    for _ in range(60):
        load = Load(running=min(limit, takes), waiting=max(0, limit - takes), cache=0.2)
        limit = next_limit(limit, load, limit)
    assert takes // 2 <= limit <= takes + 16
