"""The whole pipeline on a Ray of this machine: one actor, a stand-in of the model server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="needs the extra ray")

from fake_vllm import FakeVllm
from forethought.server.batch.answering import HowAsked
from forethought.server.batch.pipeline import Done, Work, run_batch
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.settings import Settings

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    ray.init(
        num_cpus=2,
        object_store_memory=100 * 1024 * 1024,
        include_dashboard=False,
        log_to_driver=False,
    )
    yield
    ray.shutdown()


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    import pyarrow.parquet as pq

    tables = [pq.read_table(file).to_pylist() for file in sorted(folder.glob("*.parquet"))]
    return {row["id"]: row for table in tables for row in table}


def test_questions_become_rows_and_what_is_done_is_not_asked_again(
    tmp_path: Path, local_ray: None
) -> None:
    data, results = tmp_path / "questions.jsonl", tmp_path / "results"
    lines = [{"id": f"q{n}", "question": f"{n} + 0?", "gold": str(n)} for n in range(12)]
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with FakeVllm(lambda prompt, k: "The final answer is: \\boxed{7}") as generator:
        settings = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url="",
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
            effort="low",
        )
        how = HowAsked(settings=settings, kind="number", at_once=4)
        first = run_batch(Work(data=data, results=results, rows_a_file=4, limit=6), how)
        asked = len(generator.sent("/v1/completions"))
        second = run_batch(Work(data=data, results=results, rows_a_file=4), how)
        again = len(generator.sent("/v1/completions"))
        third = run_batch(Work(data=data, results=results, rows_a_file=4), how)
        assert len(generator.sent("/v1/completions")) - again <= 1  # a new engine's probe
        with pytest.raises(EvaluationError, match="was begun with"):
            run_batch(Work(data=data, results=results), HowAsked(settings=settings, kind="math"))
    rows = rows_of(results)
    assert first == Done(questions=6, failed=0, graded=6, right=0)
    assert second == third == Done(questions=12, failed=0, graded=12, right=1)
    assert again > asked
    assert rows.keys() == {line["id"] for line in lines}
    assert all(row["answer"] == "7" and row["trace_id"] for row in rows.values())
    assert len(list(results.glob("*.parquet"))) >= 3
