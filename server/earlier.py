"""Rebuilds what an interrupted run had found from the rows of its trace.

No checkpoint is kept for it: the rows are written anyway, and reading them costs milliseconds
(docs/lab-log.md, 2026-11-28). What was under way when it ended is lost; what had ended is not.
"""

from __future__ import annotations

from typing import Protocol, cast

from ..nodes.candidate import Candidate, Ending, Origin, Step
from ..nodes.earlier import Earlier, marked
from ..nodes.values import Usage
from ..storage.views import CandidateView, StepView, TraceDetail


class Traces(Protocol):
    """Reads stored runs. Implementation: `storage.store.Store`."""

    async def read_trace(self, trace_id: str) -> TraceDetail:
        """Return the trace with this id."""
        ...


async def read_earlier(traces: Traces, trace_id: str) -> Earlier:
    """Return what a run had found, and what it and those that it went on from had spent.

    Without texts, where those are not kept, nothing it had found can be used.

    Raises:
        StoreError: its trace cannot be read.
    """
    detail = await traces.read_trace(trace_id)
    usage, before = _spent(detail), detail.trace.resumes
    while before is not None:
        earlier = await traces.read_trace(before)
        usage, before = usage + _spent(earlier), earlier.trace.resumes
    found = _found(detail) if detail.trace.texts == "kept" else []
    return Earlier(trace_id=trace_id, candidates=marked(found), usage=usage)


def _spent(detail: TraceDetail) -> Usage:
    """Return the sum of a run's own calls; its trace row has none where its process was killed."""
    return sum(
        (
            Usage(
                calls=1,
                prompt_tokens=call.prompt_tokens,
                cached_tokens=call.cached_tokens,
                completion_tokens=call.completion_tokens,
                verifier_tokens=call.verifier_tokens,
            )
            for call in detail.calls
        ),
        Usage(),
    )


def _found(detail: TraceDetail) -> list[Candidate]:
    steps = {step.key: step for step in detail.steps}
    return [_candidate(view, steps) for view in detail.candidates]


def _candidate(view: CandidateView, steps: dict[str, StepView]) -> Candidate:
    return Candidate(
        key=view.key,
        origin=cast(Origin, view.origin),
        ending=cast(Ending, view.ending),
        text=view.text,
        thinking=view.thinking,
        steps=_chain(view.leaf_step_key, steps),
        n_tokens=view.n_tokens,
        attempts=tuple(view.attempts),
        answer=view.answer,
        answer_key=view.answer_key,
        score=view.score,
        confidence=view.confidence,
        vote=view.vote,
    )


def _chain(leaf: str | None, steps: dict[str, StepView]) -> tuple[Step, ...]:
    """Return the steps that end with the one called `leaf`, first to last."""
    chain: list[Step] = []
    while leaf is not None and leaf in steps:
        view = steps[leaf]
        chain.append(
            Step(
                key=view.key,
                parent=view.parent_key,
                text=view.text,
                n_tokens=view.n_tokens,
                score=view.score,
            )
        )
        leaf = view.parent_key
    return tuple(reversed(chain))
