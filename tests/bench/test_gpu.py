"""The arithmetic and the page of bench/gpu; the bench itself is run against bench/upstream by hand."""

import importlib
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.anyio
TOLD: dict[str, object] = {
    "date": "2026-11-27",
    "at_once": 8,
    "max_tokens": 640,
    "questions_read": 3,
    "model": "<small>",
}
METRICS = """# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3
vllm:num_requests_running{engine="1",model_name="m"} 4.0
vllm:num_requests_running_total{engine="0"} 99
vllm:generation_tokens_total{engine="0",model_name="m"} 1200
"""


@pytest.fixture(scope="module")
def gpu() -> Any:
    """Everything the tests use of the package, which is not on the path."""
    path = Path(__file__).parents[2] / "bench" / "gpu" / "__init__.py"
    spec = importlib.util.spec_from_file_location("gpu", path)
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules["gpu"] = package
    spec.loader.exec_module(package)
    modules = [
        importlib.import_module(f"gpu.{part}") for part in ("cells", "gauges", "main", "page")
    ]
    return SimpleNamespace(**{k: v for module in modules for k, v in vars(module).items()})


def cell(gpu: Any, way: Any, *, tokens: int = 100, seconds: float = 2.0, answers: int = 4) -> Any:
    return gpu.Cell(
        way=way,
        window_s=10.0,
        answers=tuple(
            gpu.Asked(seconds=seconds, completion_tokens=tokens, right=n % 2 == 0)
            for n in range(answers)
        ),
        errors=(),
        generated=4000,
        cache_hits=90,
        cache_queries=100,
        readings=tuple(gpu.Reading(at_s=n, running=n % 2, waiting=0) for n in range(4)),
    )


def test_a_window_counts_what_was_under_way_at_its_end_too(gpu: Any) -> None:
    found = cell(gpu, gpu.RAW[0])
    assert (found.tokens_s, found.questions_s, found.median_s) == (400.0, 4.0, 2.0)
    assert (found.busy, found.running, found.hit_rate, found.accuracy) == (0.5, 0.5, 0.9, 0.5)
    empty = cell(gpu, gpu.RAW[0], answers=0)
    assert (empty.questions_s, empty.median_s, empty.accuracy) == (None, None, None)


def test_the_windows_together_keep_the_limit(gpu: Any) -> None:
    ways = (*gpu.RAW, *gpu.EFFORTS, *gpu.SEARCHES)
    left = 540.0
    for number, way in enumerate(ways):
        window = gpu._share(left, ways[number:])
        assert window > way.weight * 20  # seconds
        left -= window + 2.0  # what it takes for the servers to be idle again
    assert 0 < left < 60
    assert gpu._share(1.0, ways) == 1.0


def test_the_page_tells_rates_the_search_and_what_went_wrong(gpu: Any) -> None:
    plain, beam = (
        cell(gpu, gpu.SEARCHES[0]),
        replace(cell(gpu, gpu.SEARCHES[1], tokens=200, seconds=5.0), errors=("boom <b>",)),
    )
    html = gpu.page(TOLD, [cell(gpu, gpu.RAW[0]), cell(gpu, gpu.EFFORTS[0]), plain, beam])
    assert "2.00 times the wall time" in html and "2.50 times as long" in html
    assert "100% of the tokens a second of raw sampling" in html
    assert "boom &lt;b&gt;" in html and "&lt;small&gt;" in html
    assert html.count("<svg") >= 4
    assert "http://" not in html.replace("http://www.w3.org", "")


async def test_gauges_are_summed_over_engines_and_absent_ones_are_0(gpu: Any) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, text=METRICS))
    async with httpx2.AsyncClient(transport=transport) as http:
        read = await gpu.Gauges(http, "http://generator").read()
        assert not await gpu.Gauges(http, "http://generator").idle(0.0)
    assert read == {
        "running": 7.0,
        "waiting": 0.0,
        "generated": 1200.0,
        "cache_hits": 0.0,
        "cache_queries": 0.0,
    }
