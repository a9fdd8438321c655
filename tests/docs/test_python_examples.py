"""Runs every Python example of the docs against a scripted model."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_engine import PILOT, ScriptedEngine
from fake_vllm import FakeVllm
from forethought.server.app import create_app
from loopback import Loopback

DOCS = Path(__file__).parent.parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOLUTION = "## Step 1: 17 + 25 = 42.\n\nThe final answer is: \\boxed{42}"


def examples(name: str) -> list[str]:
    return BLOCK.findall((DOCS / name).read_text(encoding="utf-8"))


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point the environment at stand-ins, and at nothing else."""
    app = create_app(ScriptedEngine(PILOT))
    with FakeVllm(lambda prompt, k: SOLUTION) as generator, Loopback(app) as server:
        database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
        monkeypatch.setenv("FORETHOUGHT_GENERATOR_URL", f"{generator.url}/v1")
        monkeypatch.setenv("FORETHOUGHT_VERIFIER_URL", "")
        monkeypatch.setenv("FORETHOUGHT_DATABASE_URL", database)
        monkeypatch.setenv("FORETHOUGHT_URL", server.url)
        yield


@pytest.mark.parametrize(
    ("name", "number", "shows"),
    [
        ("python.md", 0, ["42\n", "confident"]),
        ("python.md", 1, ["42 True\n"]),
        ("python.md", 2, ["Pilot", "(1) ## Step 1", "Answer: ## Step 1", "(42)"]),
        ("python.md", 3, ["42\n", "Thinking", "NodeEnded", "Answering", "Thought"]),
        ("python.md", 4, ["42\n"]),
        ("python.md", 5, ["No answer: ", "could not be reached"]),
        ("langchain.md", 0, [SOLUTION, "42 1.0", "Pilot"]),
        ("langchain.md", 1, ["Pilot", "It is 42.", "['reasoning', 'text']"]),
    ],
)
def test_an_example_of_the_docs_runs(
    name: str,
    number: int,
    shows: list[str],
    stand_ins: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = tmp_path / "example.py"
    program.write_text(examples(name)[number], encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
    said = capsys.readouterr().out
    assert [text for text in shows if text not in said] == []


@pytest.mark.parametrize(("name", "number"), [("python.md", 6), ("langchain.md", 2)])
def test_no_example_is_left_out(name: str, number: int) -> None:
    assert len(examples(name)) == number
