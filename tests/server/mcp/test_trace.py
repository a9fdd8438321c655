"""A stored run as the tool tells it: whole, and bounded however large it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from mcp.types import TextContent

from forethought.nodes.errors import StoreError
from forethought.server.mcp.trace import read_trace
from forethought.server.mcp.trace_words import CANDIDATES, words_of
from forethought.storage.keys import RunOwner
from forethought.storage.recorder import Status
from forethought.storage.trace_filter import EVERY, TraceFilter
from forethought.storage.views import (
    CandidateView,
    TraceDetail,
    TraceSummary,
    TraceView,
    VerdictView,
    VoteView,
)

ID = "0193ffff-0000-7000-8000-000000000000"
TRACE = TraceView(
    id=ID,
    created_at=datetime(2026, 11, 23, 7, tzinfo=UTC),
    finished_at=None,
    status="finished",
    writer="host:1:1",
    face="mcp",
    model="small",
    verifier_model="prm",
    effort="medium",
    kind="number",
    question="What is 6 x 7?",
    messages=[],
    max_generations=16,
    max_tokens=None,
    deadline_s=None,
    sampling={},
    needs=None,
    difficulty_probability=0.5,
    difficulty_level=3,
    difficulty_method="vote share",
    difficulty_samples=2,
    plans=[{"strategy": "beam_search", "policy": "builtin", "why": "it is hard"}],
    strategy="beam_search",
    policy="builtin",
    answer_text="It is 42.",
    answer="42",
    candidate_key="c1",
    confidence=0.75,
    probability=None,
    needs_met=None,
    whole=True,
    stop_reason="decided",
    generations=8,
    seconds=1.5,
    calls=3,
    prompt_tokens=100,
    cached_tokens=0,
    completion_tokens=80,
    reasoning_tokens=60,
    verifier_tokens=0,
    faults=["one sample was lost"],
    error=None,
    resumes=None,
    kept=None,
)


def candidate(key: str, text: str, answer: str | None, ending: str = "whole") -> CandidateView:
    return CandidateView(
        key=key,
        parent_key=None,
        leaf_step_key=None,
        seq=0,
        origin="search",
        ending=ending,
        text=text,
        n_tokens=5,
        answer=answer,
        answer_key=answer,
        score=0.9,
        thinking="",
        confidence=None,
        vote=None,
        attempts=[],
    )


def vote(answer: str, weight: float, verdict_seq: int = 1) -> VoteView:
    return VoteView(
        verdict_seq=verdict_seq,
        rank=0,
        answer_key=answer,
        answer=answer,
        weight=weight,
        members=["c1"],
    )


def verdict(seq: int) -> VerdictView:
    return VerdictView(
        seq=seq, selection="weighted", winner="c1", confidence=0.75, margin=0.5, decided=True
    )


DETAIL = TraceDetail(
    trace=TRACE,
    steps=(),
    candidates=(candidate("c0", "Well,", None, "cut"), candidate("c1", "It is 42.", "42")),
    verdicts=(verdict(0), verdict(1)),
    votes=(vote("41", 1.0, 0), vote("42", 3.0), vote("41", 1.0)),
    calls=(),
    usage=(),
    nodes=(),
)


class Stored:
    """Holds one trace, or none."""

    def __init__(self, detail: TraceDetail | None) -> None:
        self._detail = detail

    async def drain(self) -> None:
        pass

    async def read_trace(self, trace_id: str) -> TraceDetail:
        if self._detail is None:
            raise StoreError("there is none")
        return self._detail

    async def list_traces(
        self,
        limit: int = 20,
        status: Status | None = None,
        *,
        wanted: TraceFilter = EVERY,
        after: str | None = None,
    ) -> list[TraceSummary]:
        raise AssertionError("nobody lists")

    async def owner_of_run(self, trace_id: str) -> RunOwner | None:
        return None if self._detail is None else RunOwner(status="finished", key_id=None)


def test_a_trace_is_told_stage_by_stage() -> None:
    assert words_of(DETAIL).splitlines() == [
        f"Trace {ID}: finished, asked 2026-11-23 07:00:00 UTC.",
        "Question: What is 6 x 7?",
        "Model: small, verified by prm; effort medium, at most 16 generations; "
        + "answer of kind number.",
        "Difficulty: level 3 of 5; about 0.50 that one sample is right.",
        "Plan: beam search, by builtin: it is hard",
        "Answers found: 2, 1 of them whole.",
        "- c1 (search, chosen, score 0.90): 42",
        "- c0 (search, cut, score 0.90): Well,",
        "Last of 2 votes, by weighted:",
        "- 42: 75% of the weight, 1 equal",
        "- 41: 25% of the weight, 1 equal",
        "Reply: It is 42.",
        "Stopped: decided, confidence 0.75.",
        "Spent: 8 generations, 80 tokens, 3 calls, 1.5 s.",
        "Trouble: one sample was lost",
    ]


def test_a_run_that_failed_says_why() -> None:
    failed = replace(TRACE, status="failed", answer_text=None, seconds=None, error="it broke")
    told = words_of(replace(DETAIL, trace=failed, candidates=(), verdicts=(), votes=()))
    assert told.splitlines()[-1] == "Failed: it broke"
    assert "Reply" not in told and "Answers found" not in told


def large() -> TraceDetail:
    text = "a long answer " * 10_000
    return replace(
        DETAIL,
        trace=replace(TRACE, question=text, answer=text, answer_text=text, faults=[text] * 100),
        candidates=tuple(candidate(f"c{i}", text, text) for i in range(300)),
        votes=tuple(vote(text, 1.0) for _ in range(300)),
    )


def test_the_words_of_a_large_trace_are_bounded_and_say_what_is_left_out() -> None:
    told = words_of(large())
    assert len(told) < 25_000
    assert f"- and {300 - CANDIDATES} more" in told and "- and 290 other answers" in told


@pytest.mark.anyio
async def test_the_report_of_a_large_trace_is_bounded() -> None:
    result = await read_trace(Stored(large()), ID)
    assert len(result.model_dump_json()) < 70_000
    assert result.structured_content is not None
    assert (result.structured_content["candidates"], len(result.structured_content["votes"])) == (
        300,
        10,
    )


@pytest.mark.anyio
async def test_a_trace_that_is_not_there_is_an_error_of_the_tool() -> None:
    result = await read_trace(Stored(None), ID)
    assert result.is_error
    assert result.content == [TextContent(type="text", text=f"there is no trace {ID!r}")]
