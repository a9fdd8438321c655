"""The bench of durability, small: two kills of a real server, and its ledger's eye for what is missing."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench_modules import bench_module
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO, tell_beginning, tell_run

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PARTS = ("asking", "crash", "ledger")


@pytest.fixture
def bench() -> Any:
    """Everything the tests use of the package."""
    modules = [bench_module(f"durability.{part}") for part in PARTS]
    modules.append(bench_module("upstream.running"))
    return SimpleNamespace(**{k: v for module in modules for k, v in vars(module).items()})


async def test_a_killed_server_leaves_every_answer_its_trace_and_no_run_open(
    bench: Any, tmp_path: Path
) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    with bench.running("--step-ms=1", python=sys.executable) as model:
        told = await bench.crash(
            model.url, database, tmp_path, kills=2, clients=6, rng=random.Random(0)
        )
    assert told.lost == 0, told.lines
    runs = await bench.runs_of(database)
    assert {run.status for run in runs.values()} <= {"finished", "interrupted"}
    assert len({run.writer for run in runs.values()}) == 2
    assert sum(run.status == "finished" for run in runs.values()) >= 2


async def test_the_ledger_misses_what_is_not_there_unfinished_different_or_in_part(
    bench: Any, tmp_path: Path
) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    store = await Store.open(database)
    whole, part, unfinished = (store.begin(INFO) for _ in range(3))
    await tell_run(whole)
    await tell_beginning(unfinished)
    part.finish(ANSWER)
    await store.close()
    runs = await bench.runs_of(database)

    def got(trace_id: str, text: str = ANSWER.text) -> Any:
        return bench.Got(trace_id=trace_id, text=text, at_s=0.0, seconds=0.0)

    assert bench.missing([got(whole.trace_id)], runs) == []
    lost = [got("none"), got(unfinished.trace_id), got(whole.trace_id, "43"), got(part.trace_id)]
    assert bench.missing(lost, runs) == [
        "none is not there",
        f"{unfinished.trace_id} is interrupted",
        f"{whole.trace_id} has another answer",
        f"{part.trace_id} lacks rows",
    ]
    assert await bench.integrity(database) == "ok"
