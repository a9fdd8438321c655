import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from fake_vllm import FakeVllm
from forethought.server.cli.evaluate import evaluation
from forethought.server.cli.policy_pool import pool_command
from forethought.server.evaluation.questions import read_data
from forethought.server.replay_files import read_pool
from forethought.storage.store import Store
from graded_traces import drawn, store_item, store_trace

app = typer.Typer()
app.command("pool")(pool_command)
app.command("eval")(evaluation)
PILOT = [drawn(f"pilot-{i}", "So it is 17.", answer="17") for i in range(4)]


def sums(tmp_path: Path, n: int = 8) -> Path:
    lines = [{"id": f"s{i}", "question": f"What is 17 + {i}?", "gold": 17 + i} for i in range(n)]
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(tmp_path: Path, *words: str | Path, generator: str = "http://127.0.0.1:9/v1") -> Result:
    env = {
        "FORETHOUGHT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        "FORETHOUGHT_GENERATOR_URL": generator,
        "FORETHOUGHT_VERIFIER_URL": "",
        "COLUMNS": "200",
    }
    return CliRunner().invoke(app, [*map(str, words)], env=env)


def stored(tmp_path: Path, *counts: int) -> Path:
    """Store the evaluation "mine", whose runs drew so many samples, and return its data."""
    data = sums(tmp_path)

    async def store_all() -> None:
        store = await Store.open(f"sqlite:///{tmp_path / 'traces.db'}")
        record = await store.open_evaluation("mine", "sums", read_data(data).sha256, {})
        for i, count in enumerate(counts):
            trace_id = await store_trace(store, pilot=PILOT[:count])
            await store_item(store, record, f"s{i}", trace_id)
        await store.close()

    asyncio.run(store_all())
    return data


def test_what_eval_ran_becomes_a_pool(tmp_path: Path) -> None:
    data, out = sums(tmp_path, 3), tmp_path / "pools" / "sums.jsonl.zst"
    strategy = '{"name": "majority", "n": 2}'
    with FakeVllm(lambda prompt, k: f"It is \\boxed{{{17 + k % 2}}}") as server:
        words = ("--name", "mine", "--strategy", strategy, "--max-generations", "6")
        asked = run(tmp_path, "eval", data, *words, generator=f"{server.url}/v1")
    assert asked.exit_code == 0, asked.stderr
    told = run(tmp_path, "pool", "mine", data, "--out", out, "--samples", "6")
    assert told.exit_code == 0, told.stderr
    pool = read_pool(out)
    assert told.stdout == (f"{out}: 3 questions with 6 samples; SHA-256 {pool.sha256[:12]}\n")
    assert [sum(s.right for s in q.samples) for q in pool.questions] == [3, 3, 0]


def test_questions_left_out_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    data, out = stored(tmp_path, 4, 2, 2, 2, 2, 2, 2, 3), tmp_path / "pool.jsonl"
    told = run(tmp_path, "pool", "mine", data, "--out", out, "--samples", "3")
    assert told.exit_code == 0, told.stderr
    written, left_out = told.stdout.splitlines()
    assert written.startswith(f"{out}: 2 questions with 3 samples; SHA-256 ")
    assert left_out.startswith("6 left out with fewer samples: s1, s2, s3, s4, s5 and 1 more. ")
    assert left_out.endswith("so the pool is harder than the data.")
    assert [q.id for q in read_pool(out).questions] == ["s0", "s7"]


def test_without_a_number_all_samples_are_kept_and_the_fewest_are_told(tmp_path: Path) -> None:
    data, out = stored(tmp_path, 4, 2), tmp_path / "pool.jsonl"
    told = run(tmp_path, "pool", "mine", data, "--out", out)
    assert told.exit_code == 0, told.stderr
    assert told.stdout.splitlines()[0].startswith(f"{out}: 2 questions with 2 to 4 samples; ")
    assert "a replay takes 2 of each question" in told.stdout


def test_that_tokens_of_steps_are_estimates_is_said(tmp_path: Path) -> None:
    data = sums(tmp_path, 1)

    async def store_one() -> None:
        store = await Store.open(f"sqlite:///{tmp_path / 'traces.db'}")
        record = await store.open_evaluation("mine", "sums", read_data(data).sha256, {})
        scored = drawn("pilot-0", "So it is 17.", 0.5, answer="17")
        await store_item(store, record, "s0", await store_trace(store, pilot=[scored]))
        await store.close()

    asyncio.run(store_one())
    told = run(tmp_path, "pool", "mine", data, "--out", tmp_path / "pool.jsonl")
    assert "Tokens of steps are estimated by characters" in told.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["other", "sums.jsonl", "--out", "pool.jsonl"], "there is no evaluation 'other'"),
        (["mine", "none.jsonl", "--out", "pool.jsonl"], "none.jsonl cannot be read"),
        (["mine", "less.jsonl", "--out", "pool.jsonl"], "evaluation 'mine' asked other data"),
        (["mine", "sums.jsonl", "--out", "pool.zip"], "a pool's file ends in .jsonl"),
        (
            ["mine", "sums.jsonl", "--out", "pool.jsonl", "--samples", "9"],
            "no question of evaluation 'mine' has 9 parallel samples",
        ),
    ],
)
def test_what_cannot_be_recorded_is_one_sentence(
    tmp_path: Path, words: list[str], message: str
) -> None:
    data = stored(tmp_path, 4)
    (tmp_path / "less.jsonl").write_text(data.read_text().splitlines()[0] + "\n")
    places = [str(tmp_path / word) if "." in word else word for word in words]
    told = run(tmp_path, "pool", *places)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("Error: ") and message in told.stderr
    assert told.stderr.count("\n") == 1
