import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.server.cli.main import app

SUM = re.compile(r"What is 17 \+ (\d+)\?")
CALLS = "/v1/completions"


def adds(prompt: str, k: int) -> str:
    asked = SUM.findall(prompt)
    return f"The final answer is: \\boxed{{{17 + int(asked[-1]) if asked else 0}}}"


def sums(tmp_path: Path, n: int = 4, **other: Any) -> Path:
    """Questions whose last one has a wrong gold answer."""
    lines = [
        {"id": f"s{i}", "question": f"What is 17 + {i}?", "gold": 17 + i + (i == n - 1)} | other
        for i in range(n)
    ]
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def environment(tmp_path: Path, generator: str) -> dict[str, str]:
    return {
        "FORETHOUGHT_GENERATOR_URL": generator,
        "FORETHOUGHT_VERIFIER_URL": "",
        "FORETHOUGHT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        "COLUMNS": "200",
    }


def run(tmp_path: Path, *words: str | Path, generator: str = "http://127.0.0.1:9/v1") -> Result:
    env = environment(tmp_path, generator)
    return CliRunner().invoke(app, ["eval", *map(str, words)], env=env)


def pool_line(i: int, right: int) -> dict[str, Any]:
    samples = [
        {"text": "x", "n_tokens": 1, "fin": True, "key": "1", "ok": k < right} for k in range(5)
    ]
    return {"id": f"s{i}", "question": "?", "gold": "1", "samples": samples}


def test_prints_accuracy_with_its_interval_and_what_it_cost(tmp_path: Path) -> None:
    data = sums(tmp_path, level=2)
    with FakeVllm(adds) as server:
        told = run(tmp_path, data, "--effort", "low", generator=f"{server.url}/v1")
    assert told.exit_code == 0, told.stderr
    heading, *lines = told.stdout.splitlines()
    rows = {
        name.strip(): cell.strip() for name, _, cell in (x.strip().partition("  ") for x in lines)
    }
    assert rows["accuracy % [95%]"] == "75.0 [30.1, 95.4] (3 of 4)"
    assert rows["level 2"] == rows["accuracy % [95%]"]
    assert rows["generations"] == "4.0"
    assert "p50" in rows["seconds"] and "failed" not in rows
    assert rows["strategies"] == "pilot alone 4"
    assert heading.startswith("sums-low-") and heading.endswith("; effort low")


def test_json_is_everything_that_is_known(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.json"
    strategy = '{"name": "majority", "n": 2}'
    how = ("--strategy", strategy, "--max-generations", "6", "--max-answer-tokens", "50")
    with FakeVllm(adds) as server:
        words = (sums(tmp_path), *how, "--limit", "2", "--name", "mine", "--json", out)
        told = run(tmp_path, *words, generator=f"{server.url}/v1")
        sent = server.sent(CALLS)[-1]
    assert told.exit_code == 0, told.stderr
    document = json.loads(out.read_text())
    assert (document["name"], document["data"], document["questions"]) == ("mine", "sums", 2)
    assert document["settings"]["strategy"]["name"] == "majority"
    assert document["settings"]["max_generations"] == 6
    assert sent["max_tokens"] == 50
    assert [run["question_id"] for run in document["runs"]] == ["s0", "s1"]
    assert document["summary"]["accuracy"]["right"] == 2


def test_a_pool_says_the_levels(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    lines = [pool_line(i, right) for i, right in enumerate((5, 0, 3, 2, 1))]
    pool.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with FakeVllm(adds) as server:
        told = run(tmp_path, sums(tmp_path), "--pools", pool, generator=f"{server.url}/v1")
    assert told.exit_code == 0, told.stderr
    levels = re.findall(r"level (\d) +(\S+)", told.stdout)
    assert levels == [("1", "100.0"), ("2", "100.0"), ("3", "0.0"), ("5", "100.0")]


def test_what_is_finished_is_printed_again_without_a_server(tmp_path: Path) -> None:
    data = sums(tmp_path)
    with FakeVllm(adds) as server:
        first = run(tmp_path, data, generator=f"{server.url}/v1")
    again = run(tmp_path, data)
    assert (again.exit_code, again.stdout) == (0, first.stdout)


def test_failed_questions_are_told_apart(tmp_path: Path) -> None:
    data = sums(tmp_path, 2)
    long = {"id": "long", "question": "What is 17 + 1? " * 400, "gold": "18"}
    data.write_text(data.read_text() + json.dumps(long) + "\n")
    with FakeVllm(adds) as server:
        told = run(tmp_path, data, generator=f"{server.url}/v1")
    assert told.exit_code == 0
    assert "1, counted as wrong; --retry-failed asks them again" in told.stdout
    assert "(1 of 3)" in told.stdout


async def interrupt(tmp_path: Path, data: Path, server: FakeVllm) -> tuple[int, str]:
    """Press Ctrl-C while the third question waits for its samples."""
    gate = Gate()
    server.fault(CALLS, Hold(gate), at=4)  # the first call is the probe's
    # Where tests run in the background the signal is ignored, by what they start as well.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from forethought.server.cli.main import app; app()"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        "eval",
        str(data),
        "--at-once=1",
        env=os.environ | environment(tmp_path, f"{server.url}/v1"),
        stderr=asyncio.subprocess.PIPE,
    )
    await server.called(CALLS, 4)
    process.send_signal(signal.SIGINT)
    _, stderr = await process.communicate()
    await server.idle()
    gate.open()
    return process.returncode or 0, stderr.decode()


def test_ctrl_c_keeps_what_was_answered_and_the_same_command_goes_on(tmp_path: Path) -> None:
    data = sums(tmp_path)
    with FakeVllm(adds) as server:
        code, said = asyncio.run(interrupt(tmp_path, data, server))
        asked = len(server.sent(CALLS))
        told = run(tmp_path, data, "--at-once", "1", generator=f"{server.url}/v1")
        more = len(server.sent(CALLS)) - asked
    assert code == 130
    assert said.strip().splitlines()[-1].startswith("Stopped; what was answered is kept")
    assert "Traceback" not in said
    assert told.exit_code == 0 and "(3 of 4)" in told.stdout
    assert more == 1 + 2  # a probe, and the two that were left


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--policy", "p", "--strategy", "{}"], "give --policy or --strategy, not both"),
        (["--strategy", "{"], "--strategy: Expecting property name"),
        (["--strategy", "[]"], "--strategy must be an object with a name, not []"),
        (["--strategy", '{"name": "magic"}'], "--strategy: name must be one of"),
        (["--policy", "nobody"], "there is no policy 'nobody'"),
        (["--kind", "free"], "question 's0' cannot be graded"),
        (["--pools", "/no/such"], "/no/such cannot be read"),
    ],
)
def test_what_cannot_be_run_as_asked_is_one_sentence(
    tmp_path: Path, words: list[str], message: str
) -> None:
    with FakeVllm(adds) as server:
        told = run(tmp_path, sums(tmp_path), *words, generator=f"{server.url}/v1")
    assert told.exit_code == 1
    last = told.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ") and message in last


def test_a_server_that_is_down_is_one_sentence(tmp_path: Path) -> None:
    told = run(tmp_path, sums(tmp_path))
    assert told.exit_code == 1
    last = told.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: the server at http://127.0.0.1:9/v1 could not be reached")
