"""Runs of an evaluation, told by hand and stored as the service stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forethought.nodes.algorithms.base import Search, Strategy
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.backends.base import Prompt
from forethought.nodes.budget import Budget
from forethought.nodes.candidate import Candidate, Ending, Origin
from forethought.nodes.difficulty.base import Difficulty, Level
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Hunt, Pilot
from forethought.nodes.steps import chain_steps, split_steps
from forethought.storage.evaluations import EvaluationItem, EvaluationRecord
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO, ScriptedGenerator, node, sampled


def drawn(
    key: str,
    text: str,
    *scores: float,
    answer: str | None = None,
    ending: Ending = "whole",
    n_tokens: int = 10,
    thinking: str = "",
    score: float | None = None,
    confidence: float | None = None,
) -> Candidate:
    """Return a sample; its scores are one a step, which blank lines part."""
    steps = chain_steps(split_steps(text), key)
    scored = [replace(step, score=s) for step, s in zip(steps, scores, strict=False)]
    origin: Origin = "pilot" if key.startswith("pilot") else "search"
    return Candidate(
        key=key,
        origin=origin,
        ending=ending,
        text=text,
        thinking=thinking,
        steps=(*scored, *steps[len(scored) :]),
        n_tokens=n_tokens,
        answer=answer,
        answer_key=answer,
        score=scores[-1] if scores else score,
        confidence=confidence,
    )


async def store_trace(
    store: Store,
    *,
    pilot: Sequence[Candidate] = (),
    found: Sequence[Candidate] = (),
    strategies: Sequence[Strategy] = (),
    revisions: Revisions | None = None,
    level: Level = 3,
    generations: int = 16,
) -> str:
    """Store a run that drew `pilot`, planned `strategies` and found `found`; return its id.

    It asked the generator once, and cost what `recorded_runs.ANSWER` says.
    """
    recorder = store.begin(replace(INFO, face="eval", budget=Budget(generations=generations)))
    generator = recorder.generator(ScriptedGenerator(sampled("It is 42.")))
    await generator.complete([Prompt(messages=())], n=1, sampling=INFO.sampling)
    estimate = Difficulty(probability=0.5, level=level, method="vote share", samples=4)
    recorder.on(node("estimate", pilot=Pilot(candidates=tuple(pilot)), difficulty=estimate))
    if strategies:
        plans = tuple(
            Plan(strategy=s, revisions=revisions, policy="fixed", why="asked", difficulty=estimate)
            for s in strategies
        )
        recorder.on(node("plan", plans=plans))
        search = Search(epoch=1, rounds=1, generations=len(found), candidates=tuple(found))
        recorder.on(node("search", hunt=Hunt(search=search, epoch_of=1)))
    recorder.finish(ANSWER)
    return recorder.trace_id


async def store_item(
    store: Store,
    record: EvaluationRecord,
    question_id: str,
    trace_id: str | None,
    *,
    right: bool = False,
    error: str | None = None,
) -> None:
    """Store what became of a question."""
    item = EvaluationItem(
        question_id=question_id,
        trace_id=trace_id,
        right=right,
        answer=None,
        error=error,
        kind="number",
    )
    await store.record_evaluation_item(record.id, item)
