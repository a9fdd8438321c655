"""bench/faults in small: the same faults, fewer questions, and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from bench_modules import bench_module

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("none", {}),
        ("errors", {"error_share": 0.2}),
        ("cuts", {"cut_share": 0.2}),
        ("cuts-streamed", {"cut_share": 0.2}),
        ("lost", {"lost_every": 8}),
        ("lost-one-server", {"lost_every": 8}),
        ("killed", {}),
    ],
)
async def test_no_answer_is_lost_and_usage_is_what_the_servers_told(
    name: str, faults: dict[str, object]
) -> None:
    scenarios = bench_module("faults.scenarios")
    scenario = scenarios.SCENARIOS[name]
    known = {"says": "in small", "faults": faults, "servers": scenario.servers}
    small = scenarios.Scenario(
        **known,
        deadline_s=scenario.deadline_s,
        down_s=0.5 if scenario.down_s else 0.0,
    )
    measured = await bench_module("faults.measuring").measure(name, small, 16, 4)
    assert (measured.runs, measured.lost, measured.whys) == (16, 0, ())
    assert measured.is_usage_true, measured
    assert bool(measured.done) == (name != "none")


async def test_usage_that_says_less_or_more_than_was_told_is_called_wrong() -> None:
    measuring = bench_module("faults.measuring")
    told: dict[str, Any] = {"name": "x", "says": "x", "runs": 1, "lost": 0, "whys": ()}
    told |= {
        "p50_s": 1.0,
        "p95_s": 1.0,
        "most_s": 1.0,
        "wall_s": 1.0,
        "done": {},
        "compares": False,
    }
    told |= {"generated": 100, "untold": 20, "probes": 2}

    def is_true(reported: int, *, streamed: bool) -> bool:
        measured = measuring.Measured(**told, reported=reported, streamed=streamed)
        return bool(measured.is_usage_true)

    assert [is_true(n, streamed=False) for n in (77, 78, 79)] == [False, True, False]
    assert [is_true(n, streamed=True) for n in (77, 78, 90, 101)] == [False, True, True, False]
