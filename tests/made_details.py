"""Traces as the store reads them, told by hand in a few words."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from forethought.storage.views import (
    CallView,
    CandidateView,
    NodeView,
    StepView,
    TraceDetail,
    TraceView,
    VerdictView,
    VoteView,
)

TRACE = TraceView(
    **{field.name: None for field in fields(TraceView)}  # type: ignore[arg-type]
    | {
        "id": "01a21f5a-0000-7000-8000-000000000000",
        "created_at": datetime(2026, 11, 27, tzinfo=UTC),
        "status": "finished",
        "question": "What is 6 x 7?",
        "face": "chat",
        "model": "small",
        "effort": "medium",
        "kind": "number",
        "max_generations": 16,
        "messages": [{"role": "user", "content": "What is 6 x 7?"}],
        "plans": [],
        "faults": [],
    }
)


def step(key: str, parent: str | None = None, score: float | None = None) -> StepView:
    return StepView(key=key, parent_key=parent, seq=0, text=f"{key} says", n_tokens=5, score=score)


def ended(
    key: str,
    leaf: str | None,
    ending: str = "whole",
    *,
    origin: str = "search",
    parent: str | None = None,
    answer: str | None = "42",
    text: str = "It is 42.",
) -> CandidateView:
    return CandidateView(
        key=key,
        parent_key=parent,
        leaf_step_key=leaf,
        seq=0,
        origin=origin,
        ending=ending,
        text=text,
        n_tokens=10,
        answer=answer,
        answer_key=answer,
        score=0.5,
        thinking="",
        confidence=None,
        vote=None,
        attempts=[parent] if parent else [],
    )


def call(
    seq: int,
    started_s: float,
    ms: float,
    role: str = "generator",
    *,
    kind: str = "sample",
    fault: str | None = None,
    error: str | None = None,
    **request: Any,
) -> CallView:
    return CallView(
        seq=seq,
        role=role,
        kind=kind,
        request=request,
        started_s=started_s,
        ms=ms,
        prompt_tokens=20,
        cached_tokens=5,
        completion_tokens=10,
        verifier_tokens=0,
        returned=1,
        fault=fault,
        error=error,
    )


def node(seq: int, name: str, started_s: float, seconds: float) -> NodeView:
    return NodeView(seq=seq, node=name, started_s=started_s, seconds=seconds)


def verdict(seq: int, winner: str, **more: Any) -> VerdictView:
    made = VerdictView(
        seq=seq, selection="weighted", winner=winner, confidence=0.75, margin=0.5, decided=True
    )
    return replace(made, **more)


def vote(seq: int, rank: int, answer: str, weight: float, *members: str) -> VoteView:
    return VoteView(
        verdict_seq=seq,
        rank=rank,
        answer_key=answer,
        answer=answer,
        weight=weight,
        members=list(members),
    )


def detail(
    *,
    steps: tuple[StepView, ...] = (),
    candidates: tuple[CandidateView, ...] = (),
    verdicts: tuple[VerdictView, ...] = (),
    votes: tuple[VoteView, ...] = (),
    calls: tuple[CallView, ...] = (),
    nodes: tuple[NodeView, ...] = (),
    **trace: Any,
) -> TraceDetail:
    return TraceDetail(
        trace=replace(TRACE, **trace),
        steps=steps,
        candidates=candidates,
        verdicts=verdicts,
        votes=votes,
        calls=calls,
        usage=(),
        nodes=nodes,
    )


def comb(depth: int, teeth: int) -> TraceDetail:
    """A long way with `teeth` cut branches at each step."""
    steps = [
        step(f"{place}-{k}", f"{place - 1}-0" if place else None, 0.9 if k == 0 else 0.1)
        for place in range(depth)
        for k in range(teeth + 1)
    ]
    ends = [ended(s.key, s.key, "pruned") for s in steps if not s.key.endswith("-0")]
    last = ended("last", f"{depth - 1}-0")
    return detail(steps=tuple(steps), candidates=(*ends, last), candidate_key="last")
