import asyncio
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from analysed_runs import RUNS, MadeRun, sample, store_runs
from forethought.server.cli.policy_pool_graded import pool_graded_command
from forethought.server.replay_files import read_pool
from forethought.storage.grades import NewGrade
from forethought.storage.store import Store

app = typer.Typer()
app.command()(pool_graded_command)
WRONG = MadeRun(id="w", candidates=[sample("pilot-0", "41"), sample("pilot-1", "42")],
                winner="pilot-0", grades=[("person:anna", 0.0)])  # fmt: skip


def call(url: str, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--database", url], env={"COLUMNS": "200"})


def test_graded_runs_become_a_pool_where_it_is_known_what_is_right(tmp_path: Path) -> None:
    url, out = f"sqlite:///{tmp_path / 'traces.db'}", tmp_path / "pool.jsonl"

    async def store_all() -> None:
        await store_runs(url, (*RUNS, WRONG))
        store = await Store.open(url)
        told = NewGrade(trace_id="w", grader="person:ben", score=0.0, answer="42")
        await store.add_grades([told])
        await store.close()

    asyncio.run(store_all())
    done = call(url, "--out", str(out), "--strategy", "best_of_n")
    assert done.exit_code == 0, done.output
    pool = read_pool(out)
    rights = {q.id: [s.right for s in q.samples] for q in pool.questions}
    assert rights == {"a": [True, True, True, False], "d": [False, True], "w": [False, True]}
    assert {q.id: q.gold for q in pool.questions} == {"a": "42", "d": "42", "w": "42"}
    assert "1 runs are left out" in done.output
    none = call(url, "--out", str(out), "--model", "large")
    assert none.exit_code == 1
    assert "no graded run has parallel samples" in none.stderr
