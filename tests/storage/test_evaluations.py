import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete

from forethought.nodes.errors import StoreError
from forethought.nodes.values import Sampling
from forethought.storage import tables
from forethought.storage.database import open_engine
from forethought.storage.evaluations import EvaluationItem
from forethought.storage.rows import table_of
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO, tell_run

pytestmark = pytest.mark.anyio
SETTINGS = {
    "effort": "medium",
    "budget": {"generations": 16, "deadline_s": 30.0},
    "stop": Sampling().stop,
    "policy": None,
}
ITEM = EvaluationItem(
    question_id="q1",
    trace_id=None,
    right=True,
    answer="42",
    error=None,
    kind="number",
    level_by_data=3,
)
FAILED = EvaluationItem(
    question_id="q0", trace_id=None, right=False, answer=None, error="BackendTimeout", kind="math"
)


async def test_an_evaluation_is_resumed_by_its_name(url: str) -> None:
    store = await Store.open(url)
    first = await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    await store.record_evaluation_item(first.id, ITEM)
    await store.close()
    store = await Store.open(url)
    assert await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS) == first
    assert await store.evaluation_items(first.id) == [ITEM]
    other = await store.open_evaluation("test", "gsm8k.jsonl", "ab", SETTINGS)
    assert await store.evaluation_items(other.id) == []
    await store.close()
    assert first.settings["budget"] == {"generations": 16, "deadline_s": 30.0}


async def test_what_differs_is_named_and_nothing_is_resumed(url: str) -> None:
    store = await Store.open(url)
    await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    changed = {**SETTINGS, "effort": "high", "verifier_model": "prm"}
    with pytest.raises(StoreError) as refused:
        await store.open_evaluation("dev", "gsm8k.jsonl", "cd", changed)
    with pytest.raises(StoreError, match="an evaluation needs a name"):
        await store.open_evaluation(" ", "gsm8k.jsonl", "ab", SETTINGS)
    await store.close()
    assert str(refused.value) == (
        "evaluation 'dev' was begun with data_hash 'ab', not 'cd';"
        " effort 'medium', not 'high'; verifier_model None, not 'prm'"
    )


async def test_processes_that_open_it_at_once_get_the_same_one(url: str) -> None:
    stores = [await Store.open(url) for _ in range(3)]
    opened = await asyncio.gather(
        *(store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS) for store in stores)
    )
    for store in stores:
        await store.close()
    assert len({record.id for record in opened}) == 1


async def test_a_question_keeps_its_first_item(url: str) -> None:
    store = await Store.open(url)
    evaluation = await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    await store.record_evaluation_item(evaluation.id, ITEM)
    await store.record_evaluation_item(evaluation.id, replace(ITEM, right=False, answer="41"))
    await store.record_evaluation_item(evaluation.id, FAILED)
    items = await store.evaluation_items(evaluation.id)
    await store.open_evaluation("empty", "math.jsonl", "cd", {})
    listed = await store.list_evaluations()
    await store.close()
    assert items == [ITEM, FAILED]
    assert [(e.record.name, e.items, e.right, e.failed) for e in listed] == [
        ("empty", 0, 0, 0),
        ("dev", 2, 1, 1),
    ]
    assert listed[1].record == evaluation


async def test_a_failed_run_is_not_right() -> None:
    with pytest.raises(ValueError, match="a failed run is not right"):
        replace(FAILED, right=True)


async def test_an_item_of_a_trace_that_still_waits_is_recorded_after_it(url: str) -> None:
    store = await Store.open(url)
    evaluation = await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    recorder = store.begin(INFO)
    recorder.finish(ANSWER)
    item = replace(ITEM, trace_id=recorder.trace_id)
    await store.record_evaluation_item(evaluation.id, item)
    assert await store.evaluation_items(evaluation.id) == [item]
    with pytest.raises(StoreError, match="the trace of question 'q2' is not in the database"):
        lost = replace(ITEM, question_id="q2", trace_id="nothing")
        await store.record_evaluation_item(evaluation.id, lost)
    await store.close()


async def test_graded_runs_are_items_beside_what_their_traces_say(url: str) -> None:
    store = await Store.open(url)
    evaluation = await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    recorder = store.begin(INFO)
    await tell_run(recorder)
    await store.record_evaluation_item(evaluation.id, replace(ITEM, trace_id=recorder.trace_id))
    await store.record_evaluation_item(evaluation.id, FAILED)
    failed, run = await store.graded_runs("dev")
    with pytest.raises(StoreError, match="there is no evaluation 'test'"):
        await store.graded_runs("test")
    await store.close()
    assert (run.question_id, run.right, run.error, run.level_by_data) == ("q1", True, None, 3)
    assert (run.trace_id, run.kind) == (recorder.trace_id, "number")
    assert (run.difficulty_probability, run.difficulty_level) == (0.5, 3)
    assert (run.strategy, run.policy, run.effort) == ("beam_search", "builtin-1", "medium")
    assert run.plans[0]["numbers"]["n"] == 4
    assert (run.max_generations, run.generations, run.seconds) == (16, 7, 3.0)
    assert (run.prompt_tokens, run.completion_tokens, run.verifier_tokens) == (60, 70, 60)
    assert (run.confidence, run.probability, run.stop_reason) == (0.9, None, "completed")
    assert run.calls == 2
    assert (failed.right, failed.error, failed.trace_id) == (False, "BackendTimeout", None)
    assert (failed.plans, failed.generations, failed.calls) == ([], None, None)


async def test_a_deleted_trace_leaves_the_item(url: str) -> None:
    store = await Store.open(url)
    evaluation = await store.open_evaluation("dev", "gsm8k.jsonl", "ab", SETTINGS)
    recorder = store.begin(INFO)
    await store.record_evaluation_item(evaluation.id, replace(ITEM, trace_id=recorder.trace_id))
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(delete(table_of(tables.Trace)))
    await engine.dispose()
    assert await store.evaluation_items(evaluation.id) == [ITEM]
    await store.close()
