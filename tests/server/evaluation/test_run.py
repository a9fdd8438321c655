import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_engine import PILOT, TRACE, ScriptedEngine, answer
from faults import Gate
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.errors import BackendError, StoreError
from forethought.nodes.values import Kind
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.evaluation.questions import GoldQuestion
from forethought.server.evaluation.run import Graded, ask_all, check_gold
from forethought.server.evaluation.setup import Setup

pytestmark = pytest.mark.anyio
LOW = Setup(effort="low")


def questions(*golds: str, kind: Kind | None = None) -> list[GoldQuestion]:
    return [
        GoldQuestion(id=f"q{i}", text=f"question {i}", gold=gold, kind=kind)
        for i, gold in enumerate(golds)
    ]


async def grade(
    engine: ScriptedEngine, asked: Sequence[GoldQuestion], *, at_once: int = 1
) -> list[Graded]:
    kept: list[Graded] = []

    async def keep(graded: Graded) -> None:
        kept.append(graded)

    await ask_all(engine, AnswerKeys(), asked, LOW, keep, at_once=at_once)
    return kept


async def test_an_answer_equal_to_the_gold_one_is_right() -> None:
    kept = await grade(ScriptedEngine(PILOT), questions("42", "42.0", "41"))
    assert [(k.question.id, k.right) for k in kept] == [("q0", True), ("q1", True), ("q2", False)]
    assert {(k.answer, k.trace_id, k.kind, k.error) for k in kept} == {("42", TRACE, "math", None)}


async def test_a_cut_answer_is_wrong_even_when_it_is_equal() -> None:
    kept = await grade(ScriptedEngine(PILOT, answer=answer(whole=False)), questions("42"))
    assert (kept[0].right, kept[0].answer) == (False, "42")


async def test_an_answer_is_compared_under_the_kind_of_its_question() -> None:
    asked = [*questions("42.0"), *questions("42.0", kind="text")]
    assert [k.right for k in await grade(ScriptedEngine(PILOT), asked)] == [True, False]


async def test_a_run_that_fails_is_wrong_and_says_why_and_the_rest_goes_on() -> None:
    engine = ScriptedEngine(PILOT, BackendError("the server is down"))
    kept = await grade(engine, questions("42", "42"))
    assert [(k.right, k.answer, k.error) for k in kept] == [
        (False, None, "BackendError: the server is down")
    ] * 2


async def test_a_run_that_cannot_be_opened_ends_the_whole() -> None:
    engine = ScriptedEngine(PILOT)
    engine.refuses = StoreError("there is no policy 'p'")
    with pytest.raises(StoreError, match="no policy 'p'"):
        await grade(engine, questions("42", "42"), at_once=2)


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (3, 3), (9, 5)])
async def test_never_more_are_asked_at_once_than_is_said(at_once: int, most: int) -> None:
    gate = Gate()
    engine = ScriptedEngine(gate, PILOT)
    task = asyncio.create_task(grade(engine, questions(*["42"] * 5), at_once=at_once))
    await gate.reached()
    assert engine.open == most
    gate.open()
    assert len(await task) == 5
    assert (engine.most, engine.open) == (most, 0)


async def test_leaving_cancels_the_runs_under_way_and_keeps_what_was_kept() -> None:
    gate = Gate()
    engine = ScriptedEngine(gate, PILOT)
    task = asyncio.create_task(grade(engine, questions("42", "42", "42"), at_once=2))
    await gate.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.open, engine.cancelled) == (0, 2)


async def test_what_cannot_be_kept_ends_the_whole_and_cancels_the_rest() -> None:
    async def full(graded: Graded) -> None:
        raise StoreError("the disk is full")

    engine = ScriptedEngine(PILOT)
    with pytest.raises(StoreError, match="the disk is full"):
        await ask_all(engine, AnswerKeys(), questions("42", "42"), LOW, full, at_once=1)
    assert len(engine.asked) == 1


@given(st.integers(0, 12), st.integers(1, 5))
def test_every_question_is_asked_once(n: int, at_once: int) -> None:
    engine = ScriptedEngine(PILOT)
    kept = asyncio.run(grade(engine, questions(*["42"] * n), at_once=at_once))
    assert sorted(k.question.id for k in kept) == sorted(f"q{i}" for i in range(n))
    assert [ask.messages[0].content for ask in engine.asked] == [f"question {i}" for i in range(n)]


@pytest.mark.parametrize(("gold", "kind"), [("42", "free"), ("", "text"), ("{", "json")])
async def test_a_gold_answer_that_is_none_is_named_before_anything_is_asked(
    gold: str, kind: Kind
) -> None:
    with pytest.raises(EvaluationError, match=f"question 'q0' cannot be graded: .* kind {kind}"):
        await check_gold(AnswerKeys(), questions(gold, kind=kind), LOW)
