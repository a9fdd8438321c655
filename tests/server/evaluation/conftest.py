"""Sums that a stand-in of a model server answers; every third one it gets wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_vllm import FakeVllm
from forethought.server.evaluation.questions import Data, read_data
from forethought.server.settings import Settings

SUM = re.compile(r"What is 17 \+ (\d+)\?")


def adds(prompt: str, k: int) -> str:
    asked = SUM.findall(prompt)
    other = int(asked[-1]) if asked else 0  # none in what a probe asks
    said = 17 + other + (other % 3 == 2)
    return f"## Step 1: 17 + {other} = {said}.\n\nThe final answer is: \\boxed{{{said}}}"


@pytest.fixture
def server() -> Iterator[FakeVllm]:
    with FakeVllm(adds, model="small", max_model_len=4096) as server:
        yield server


@pytest.fixture
def settings(server: FakeVllm, tmp_path: Path) -> Settings:
    return Settings(
        generator_url=f"{server.url}/v1",
        verifier_url="",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
    )


@pytest.fixture
def sums(tmp_path: Path) -> Data:
    """Six questions with the answers 17 to 22, of which 19 and 22 are got wrong; levels 1 and 2."""
    lines = [
        {"id": f"s{i}", "question": f"What is 17 + {i}?", "answer": f"{17 + i}", "level": 1 + i % 2}
        for i in range(6)
    ]
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_data(path)
