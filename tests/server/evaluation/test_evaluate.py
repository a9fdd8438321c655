"""Evaluations over the whole service, against a stand-in of the model server."""

import asyncio
from dataclasses import replace

import pytest

from fake_vllm import FakeVllm
from faults import Gate, Hold, Refuse
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.errors import StoreError
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.evaluation.evaluate import Result, Session, evaluate, left_of
from forethought.server.evaluation.keep import Told
from forethought.server.evaluation.questions import Data, GoldQuestion
from forethought.server.evaluation.setup import Setup
from forethought.server.local_engine import open_engine
from forethought.server.settings import Settings
from forethought.storage.evaluations import EvaluationItem
from forethought.storage.store import Store

LOW = Setup(effort="low")
ONE = Session(at_once=1)
CALLS = "/v1/completions"


async def run(
    settings: Settings,
    data: Data,
    setup: Setup = LOW,
    session: Session = ONE,
    told: list[Told] | None = None,
) -> Result:
    heard = told if told is not None else []
    async with open_engine(settings) as engine:
        return await evaluate(
            engine, engine.store, AnswerKeys(), data, setup, session, heard.append
        )


@pytest.mark.anyio
async def test_answers_are_graded_and_kept_with_their_traces(
    settings: Settings, sums: Data
) -> None:
    told: list[Told] = []
    result = await run(settings, sums, told=told)
    store = await Store.open(settings.database_url)
    items = await store.evaluation_items(result.record.id)
    grades = [(await store.grades_of(item.trace_id or ""))[0] for item in items]
    traces = [(await store.read_trace(item.trace_id or "")).trace for item in items]
    await store.close()
    assert [item.question_id for item in items] == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert [item.right for item in items] == [True, True, False, True, True, False]
    assert [grade.score for grade in grades] == [1, 1, 0, 1, 1, 0]
    assert {grade.grader for grade in grades} == {"dataset:sums"}
    assert grades[2].note == "s2: the gold answer is 19"
    assert {(t.face, t.status, t.effort, t.kind) for t in traces} == {
        ("eval", "finished", "low", "math")
    }
    assert told[0] == Told(done=0, of=6, right=0, failed=0)
    assert told[-1] == Told(done=6, of=6, right=4, failed=0)


@pytest.mark.anyio
async def test_the_summary_counts_what_the_traces_say(settings: Settings, sums: Data) -> None:
    result = await run(settings, sums)
    assert result.summary is not None
    assert (result.summary.accuracy.right, result.summary.accuracy.of) == (4, 6)
    assert {level: s.right for level, s in result.summary.by_level.items()} == {1: 2, 2: 2}
    assert result.summary.generations == 4
    tokens = [run.completion_tokens for run in result.runs]
    assert result.summary.completion_tokens == sum(n or 0 for n in tokens) / 6
    assert result.summary.verifier_tokens == 0


@pytest.mark.anyio
async def test_what_was_interrupted_goes_on_and_asks_nothing_twice(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    gate = Gate()
    server.fault(CALLS, Hold(gate), at=4)  # the first call is the probe's: two have been answered
    task = asyncio.create_task(run(settings, sums))
    await server.called(CALLS, 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.idle()
    gate.open()
    before = len(server.sent(CALLS))
    result = await run(settings, sums)
    store = await Store.open(settings.database_url)
    statuses = [trace.status for trace in await store.list_traces()]
    await store.close()
    assert len(result.runs) == 6
    assert len(server.sent(CALLS)) - before == 1 + 4  # another probe, and the four that were left
    assert sorted(statuses) == ["cancelled"] + ["finished"] * 6


@pytest.mark.anyio
async def test_what_is_finished_is_told_again_without_a_model_server(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    first = await run(settings, sums)
    server.die()
    assert await run(settings, sums) == first


@pytest.mark.anyio
async def test_a_limit_can_be_raised_later(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    few = await run(settings, sums, session=Session(limit=2))
    assert (few.questions, [r.question_id for r in few.runs]) == (2, ["s0", "s1"])
    calls = len(server.sent(CALLS))
    more = await run(settings, sums, session=Session(limit=4))
    assert more.record == few.record and len(more.runs) == 4
    assert len(server.sent(CALLS)) - calls == 1 + 2
    again = await run(settings, sums, session=Session(limit=3))
    assert [r.question_id for r in again.runs] == ["s0", "s1", "s2"]


@pytest.mark.anyio
async def test_never_more_are_asked_at_once_than_is_said(settings: Settings, sums: Data) -> None:
    open_at_once: list[int] = []

    def say(prompt: str, k: int) -> str:
        open_at_once.append(server.open)
        return "The final answer is: \\boxed{17}"

    gate = Gate()
    with FakeVllm(say) as server:
        chosen = settings.model_copy(update={"generator_url": f"{server.url}/v1"})
        for call in (2, 3, 4):
            server.fault(CALLS, Hold(gate), at=call)
        task = asyncio.create_task(run(chosen, sums, session=Session(at_once=3)))
        await server.called(CALLS, 4)
        assert server.open == 3
        gate.open()
        await task
    assert max(open_at_once) == 3


@pytest.mark.anyio
async def test_a_question_that_fails_is_counted_wrong_and_asked_again_only_when_told(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    long = GoldQuestion(id="long", text="What is 17 + 1? " * 400, gold="18")
    data = replace(sums, questions=(long, *sums.questions[:2]))
    first = await run(settings, data)
    assert [(r.right, r.error is not None) for r in first.runs] == [
        (False, True),
        (True, False),
        (True, False),
    ]
    assert first.runs[0].error is not None and first.runs[0].error.startswith("PromptTooLong: ")
    assert first.summary is not None and first.summary.failed == 1
    assert (first.summary.accuracy.right, first.summary.accuracy.of) == (2, 3)
    store = await Store.open(settings.database_url)
    assert await store.grades_of(first.runs[0].trace_id or "") == []
    await store.close()
    requests = len(server.requests)
    assert await run(settings, data) == first
    assert len(server.requests) == requests


@pytest.mark.anyio
async def test_a_failed_question_that_is_asked_again_gets_its_answer(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    for call in (3, 4, 5):  # the second question, and both retries of its call
        server.fault(CALLS, Refuse(), at=call)
    first = await run(settings, sums)
    server.heal()
    again = Session(at_once=1, retry_failed=True)
    second = await run(settings, sums, session=again)
    assert [r.question_id for r in first.runs if r.error] == ["s1"]
    assert [r.right for r in second.runs] == [True, True, False, True, True, False]
    assert second.runs[1].trace_id != first.runs[1].trace_id
    assert second.summary is not None and second.summary.failed == 0
    requests = len(server.requests)
    assert await run(settings, sums, session=again) == second
    assert len(server.requests) == requests


def test_only_what_failed_is_asked_again_when_that_is_asked_for(sums: Data) -> None:
    items = [
        EvaluationItem(
            question_id=id_, trace_id=None, right=False, answer=None, error=error, kind="math"
        )
        for id_, error in (("s0", None), ("s1", "BackendError: down"))
    ]
    assert left_of(sums.questions, items, retry_failed=False) == list(sums.questions[2:])
    assert left_of(sums.questions, items, retry_failed=True) == list(sums.questions[1:])


@pytest.mark.anyio
async def test_nothing_is_asked_while_the_model_server_is_down(
    server: FakeVllm, settings: Settings, sums: Data
) -> None:
    server.fault("/v1/models", Refuse(status=503))
    with pytest.raises(EvaluationError):
        await run(settings, sums)
    server.heal()
    result = await run(settings, sums)
    assert result.summary is not None and result.summary.failed == 0


@pytest.mark.anyio
async def test_another_set_up_or_other_data_under_the_same_name_are_refused(
    settings: Settings, sums: Data
) -> None:
    named = Session(name="mine", limit=1)
    await run(settings, sums, session=named)
    with pytest.raises(StoreError, match="effort"):
        await run(settings, sums, Setup(effort="medium"), named)
    with pytest.raises(StoreError, match="data_hash"):
        await run(settings, replace(sums, sha256="00"), session=named)


@pytest.mark.anyio
async def test_another_model_does_not_go_on_with_an_evaluation(
    settings: Settings, sums: Data
) -> None:
    await run(settings, sums, session=Session(limit=1))
    with FakeVllm(lambda prompt, k: "\\boxed{1}", model="other") as other:
        moved = settings.model_copy(update={"generator_url": f"{other.url}/v1"})
        with pytest.raises(EvaluationError, match="begun with the model small, not other"):
            await run(moved, sums)


@pytest.mark.anyio
async def test_a_policy_that_is_not_stored_is_refused(settings: Settings, sums: Data) -> None:
    with pytest.raises(StoreError, match="no policy 'nobody'"):
        await run(settings, sums, Setup(effort="low", policy="nobody"))
