"""One actor by itself, without Ray: what becomes of a batch of questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="needs the extra ray")

from fake_vllm import FakeVllm
from faults import Refuse
from forethought.server.batch.answering import Answerer, HowAsked
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.settings import Settings
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio


def how(tmp_path: Path, generator: FakeVllm, **given: Any) -> HowAsked:
    settings = Settings(
        generator_url=f"{generator.url}/v1",
        verifier_url="",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        effort="low",
    )
    return HowAsked(settings=settings, **given)


def batch(*rows: Mapping[str, object]) -> Any:
    return pa.Table.from_pylist(list(rows))


async def test_a_batch_is_answered_in_its_order_graded_and_kept(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: "The final answer is: \\boxed{42}") as generator:
        answerer = Answerer(how(tmp_path, generator, at_once=2, kind="number"))
        try:
            table = await answerer(
                batch(
                    {"id": "a", "question": "17 + 25?", "gold": "42.0"},
                    {"id": "b", "question": "17 + 26?", "gold": "43"},
                    {"id": "c", "question": "  ", "gold": "43"},
                    {"id": "d", "question": "6 x 7?", "gold": None},
                )
            )
        finally:
            await answerer.close()
    rows = table.to_pylist()
    assert [(row["id"], row["answer"], row["right"]) for row in rows] == [
        ("a", "42", True),
        ("b", "42", False),
        ("c", None, None),
        ("d", "42", None),
    ]
    assert "question must not be empty" in rows[2]["error"]
    assert rows[0]["generations"] == 4 and rows[0]["completion_tokens"] > 0
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    kept = {trace.id for trace in await store.list_traces()}
    await store.close()
    assert kept == {row["trace_id"] for row in rows if row["trace_id"]}
    assert len(kept) == 3


async def test_a_question_that_fails_is_a_row_and_many_in_a_row_end_the_run(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: "The final answer is: \\boxed{42}") as generator:
        answerer = Answerer(how(tmp_path, generator, at_once=1, most_failures=3))
        try:
            first = await answerer(batch({"id": "0", "question": "17 + 25?"}))
            generator.fault("/v1/completions", Refuse())
            questions = [{"id": str(n), "question": f"{n} + 25?"} for n in (1, 2)]
            table = await answerer(batch(*questions))
            more = [{"id": str(n), "question": f"{n} + 25?"} for n in (3, 4)]
            with pytest.raises(EvaluationError, match="3 questions one after another"):
                await answerer(batch(*more))
        finally:
            await answerer.close()
    assert first.to_pylist()[0]["error"] is None
    assert all("Backend" in row["error"] for row in table.to_pylist())


async def test_without_a_model_server_nothing_begins(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: "42") as generator:
        asked = how(tmp_path, generator)
    answerer = Answerer(asked)
    try:
        with pytest.raises(EvaluationError, match="could not be reached"):
            await answerer(batch({"id": "0", "question": "17 + 25?"}))
    finally:
        await answerer.close()
