"""A stored run told again: the events of its rows, and its answer.

What is not kept one by one is told at once: all rounds of a search as its last. Nothing is told that
the rows do not say; a plan whose strategy this version does not know is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, cast

from ...nodes.algorithms.base import Search, Selection, Strategy
from ...nodes.algorithms.registry import STRATEGIES
from ...nodes.candidate import Candidate, Ending, Origin
from ...nodes.difficulty.base import Difficulty, Level
from ...nodes.events import NodeFinished, NodeName
from ...nodes.policy.base import Plan
from ...nodes.state import Answer, Hunt, Pilot, Revised, StopReason, ThinkState
from ...nodes.values import Usage
from ...nodes.verdict import Group, Verdict
from ...storage.views import CandidateView, TraceDetail, TraceView
from .stored_calls import calls_of


def events_of(detail: TraceDetail) -> Iterator[NodeFinished]:
    """Yield what the run told, node by node, its answer apart."""
    trace = detail.trace
    pilot = Pilot(candidates=_found(detail, "pilot"))
    difficulty = _difficulty(trace)
    yield _node("estimate", {"pilot": pilot, "difficulty": difficulty} if difficulty else {})
    plans: tuple[Plan, ...] = ()
    for stored in trace.plans:
        if difficulty and (plan := _plan(stored, difficulty)):
            plans = (*plans, plan)
            yield _node("plan", {"plans": plans})
    if searched := _found(detail, "search"):
        rounds = sum(node.node == "search" for node in detail.nodes)
        search = Search(rounds=rounds, candidates=searched)
        yield _node("search", {"hunt": Hunt(search=search, epoch_of=max(len(plans), 1))})
    if revised := _found(detail, "revision"):
        yield _node("revise", {"revised": Revised(chains=(revised,))})
    if verdict := verdict_of(detail):
        yield _node("verify", {"verdict": verdict, "probability": trace.probability})
    if trace.status == "finished":
        yield _node("answer", {"answer": answer_of(detail)})


def answer_of(detail: TraceDetail) -> Answer:
    """Return the answer of a run that has finished."""
    trace = detail.trace
    completion = trace.completion_tokens or 0
    return Answer(
        text=trace.answer_text or "",
        candidate=trace.candidate_key or "",
        answer=trace.answer,
        whole=bool(trace.whole),
        confidence=trace.confidence,
        probability=trace.probability,
        needs_met=trace.needs_met,
        stop_reason=cast(StopReason, trace.stop_reason),
        usage=Usage(
            calls=trace.calls or 0,
            prompt_tokens=trace.prompt_tokens or 0,
            cached_tokens=trace.cached_tokens or 0,
            completion_tokens=completion,
            verifier_tokens=trace.verifier_tokens or 0,
        ),
        answer_tokens=completion - (trace.reasoning_tokens or 0),
        generations=trace.generations or 0,
        seconds=trace.seconds or 0.0,
        faults=tuple(trace.faults),
        tool_calls=calls_of(detail),
    )


def verdict_of(detail: TraceDetail) -> Verdict | None:
    """Return the last verdict; None of a run that took no vote."""
    if not detail.verdicts:
        return None
    last = detail.verdicts[-1]
    groups = tuple(
        Group(
            answer_key=vote.answer_key,
            answer=vote.answer,
            weight=vote.weight,
            members=tuple(vote.members),
        )
        for vote in detail.votes
        if vote.verdict_seq == last.seq
    )
    return Verdict(
        selection=cast(Selection, last.selection),
        groups=groups,
        winner=last.winner,
        confidence=last.confidence,
        margin=last.margin,
        decided=last.decided,
    )


def _found(detail: TraceDetail, origin: Origin) -> tuple[Candidate, ...]:
    return tuple(_candidate(view) for view in detail.candidates if view.origin == origin)


def _candidate(view: CandidateView) -> Candidate:
    return Candidate(
        key=view.key,
        origin=cast(Origin, view.origin),
        ending=cast(Ending, view.ending),
        text=view.text,
        n_tokens=view.n_tokens,
        answer=view.answer,
        answer_key=view.answer_key,
        score=view.score,
        confidence=view.confidence,
        vote=view.vote,
    )


def _difficulty(trace: TraceView) -> Difficulty | None:
    probability, level = trace.difficulty_probability, trace.difficulty_level
    if probability is None or level is None:
        return None
    return Difficulty(
        probability=probability,
        level=cast(Level, level),
        method=trace.difficulty_method or "",
        samples=trace.difficulty_samples or 0,
    )


def _plan(stored: Mapping[str, Any], difficulty: Difficulty) -> Plan | None:
    strategy = _strategy(str(stored["strategy"]), stored["numbers"])
    if strategy is None:
        return None
    return Plan(
        strategy=strategy, policy=stored["policy"], why=stored["why"], difficulty=difficulty
    )


def _strategy(name: str, numbers: Mapping[str, Any]) -> Strategy | None:
    kind = STRATEGIES.get(name)
    if kind is None:
        return None
    known = {f.name for f in fields(cast(Any, kind)) if f.init}
    try:
        return kind(**{key: value for key, value in numbers.items() if key in known})
    except (TypeError, ValueError):  # numbers that this version does not take
        return None


def _node(name: NodeName, writes: ThinkState) -> NodeFinished:
    return NodeFinished(node=name, writes=writes, started_s=0.0, seconds=0.0)
