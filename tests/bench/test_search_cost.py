"""The pure parts of bench/search_cost.py."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from forethought.nodes.values import Usage

PATH = Path(__file__).parents[2] / "bench" / "search_cost.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("search_cost", PATH)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["search_cost"] = module
    spec.loader.exec_module(module)
    return module


def cell(bench: Any, strategy: str, wall_s: float, *, n: int = 4, at_once: int = 8) -> Any:
    outcomes = tuple(
        bench.Outcome(right=right, seconds=wall_s, rounds=1, finals=n, distinct=2)
        for right in (True, False)
    )
    return bench.Cell(
        strategy=strategy,
        n=n,
        at_once=at_once,
        repeat=0,
        wall_s=wall_s,
        outcomes=outcomes,
        spent=bench.Spent(usage=Usage(completion_tokens=100)),
        counters={"generator_cache_queries": 200.0, "generator_cache_hits": 150.0},
    )


def test_counters_are_summed_over_label_sets_and_other_lines_are_left(bench: Any) -> None:
    text = (
        "# HELP vllm:prefix_cache_hits_total Hits.\n"
        'vllm:prefix_cache_hits_total{engine="0"} 3.0\n'
        'vllm:prefix_cache_hits_total{engine="1"} 4.0\n'
        'http_requests_total{handler="/pooling",method="POST",status="2xx"} 2.0\n'
        'http_requests_total{handler="/health",method="GET",status="2xx"} 9.0\n'
    )
    assert bench.read_counters(text) == {"cache_hits": 7.0, "pooling_requests": 2.0}


def test_a_counter_that_is_new_began_at_nothing(bench: Any) -> None:
    assert bench.moved({"a": 2.0}, {"a": 5.0, "b": 1.0}) == {"a": 3.0, "b": 1.0}


def test_a_cell_is_expected_to_take_as_long_as_its_nearest_in_proportion_to_n(bench: Any) -> None:
    cells = [cell(bench, "best_of_n", 2.0), cell(bench, "beam", 5.0, n=8)]
    assert bench.expected_s([], "beam", 8, 8) == 0.0
    assert bench.expected_s(cells, "beam", 16, 8) == 10.0
    assert bench.expected_s(cells, "dvts", 8, 8) == 3 * 2.0 * 2


def test_the_table_sets_a_strategy_against_best_of_n_at_the_same_n(bench: Any) -> None:
    cells = [cell(bench, "best_of_n", 2.0), cell(bench, "beam", 5.0), cell(bench, "beam", 7.0)]
    header, _, *lines = bench.table(cells).splitlines()
    columns = [name.strip() for name in header.split("|")]
    beam = dict(zip(columns, (value.strip() for value in lines[1].split("|")), strict=True))
    assert len(lines) == 2  # the repeats are one line
    assert beam["wall s"] == "6.0"
    assert beam["wall x best-of-N"] == "3.00"
    assert beam["cached %"] == "75.0"
    assert beam["right % (s.e.)"] == "50.0 (25.0)"


def test_no_more_jobs_are_under_way_than_asked_for_and_results_keep_their_order(bench: Any) -> None:
    open_, most = 0, 0

    async def job(number: int) -> int:
        nonlocal open_, most
        open_ += 1
        most = max(most, open_)
        await asyncio.sleep(0)
        open_ -= 1
        return number

    assert asyncio.run(bench.at_once_all(2, [job(k) for k in range(5)])) == [0, 1, 2, 3, 4]
    assert most == 2


def test_every_strategy_can_be_made_at_every_n(bench: Any) -> None:
    for make in bench.STRATEGIES.values():
        for n in (4, 8, 16, 64):
            assert bench.strategy_from(make(n)).generations >= n
