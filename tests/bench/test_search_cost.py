"""The pure parts of bench/search_cost, and the whole of it against fake servers."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fake_vllm import FakeVllm
from forethought.nodes.algorithms.registry import strategy_from
from forethought.nodes.values import Usage

PATH = Path(__file__).parents[2] / "bench" / "search_cost" / "__init__.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    """Everything the tests use of the package, which is not on the path."""
    spec = importlib.util.spec_from_file_location("search_cost", PATH)
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules["search_cost"] = package
    spec.loader.exec_module(package)
    parts = ("cells", "counters", "counting", "main", "measuring", "options", "tables")
    modules = [importlib.import_module(f"search_cost.{part}") for part in parts]
    return SimpleNamespace(**{k: v for module in modules for k, v in vars(module).items()})


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
            assert strategy_from(make(n)).generations >= n


def test_a_run_measures_every_cell_and_scores_the_finals_of_best_of_n_in_each_way(
    bench: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions, out = tmp_path / "questions.jsonl", tmp_path / "out.json"
    questions.write_text('{"question": "17+25?", "answer": "42"}\n' * 2, encoding="utf-8")
    solution = "We add.\n\nIt is \\boxed{42}."
    with (
        FakeVllm(lambda prompt, k: solution if "We" not in prompt else solution[9:]) as generator,
        FakeVllm(score=lambda conversation, steps: 0.5) as verifier,
    ):
        options = [str(questions), "--out", str(out), "--at-once", "2", "--no-warm-up"]
        options += ["--generator-url", f"{generator.url}/v1", "--strategies", "best_of_n", "beam"]
        options += ["--verifier-url", f"{verifier.url}/v1", "--ns", "4", "--scoring-ns", "4"]
        asyncio.run(bench.main(bench.parser().parse_args(options)))
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [(c["strategy"], c["n"], c["at_once"]) for c in written["cells"]] == [
        ("best_of_n", 4, 2),
        ("beam", 4, 2),
    ]
    assert all(o["right"] for c in written["cells"] for o in c["outcomes"])
    assert [(s["way"], s["calls"], s["solutions"]) for s in written["scoring"]] == [
        ("whole", 2, 8),
        ("whole, gathered", 2, 8),
        ("step by step", 4, 16),
        ("step by step, gathered", 4, 16),
    ]
    assert written["settings"]["max_tokens"] == 320
    assert written["skipped"] == []
    assert capsys.readouterr().out.count("| best_of_n | 100.0 (0.0) |") == 1
