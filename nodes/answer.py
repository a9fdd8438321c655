"""Writes the reply: the winner, and why the run stopped."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .budget import Meter
from .candidate import Candidate
from .errors import NoCandidate
from .found import faults_so_far, found_so_far
from .meeting_needs import are_met
from .state import Answer, Answered, Deps, ReadyToAnswer, StopReason


async def answer(state: ReadyToAnswer, runtime: Runtime[Deps]) -> Answered:
    """Answer with the winner of the vote.

    Raises:
        NoCandidate: nothing was sampled.
    """
    verdict, faults = state["verdict"], faults_so_far(state)
    winner = next((c for c in found_so_far(state) if c.key == verdict.winner), None)
    if winner is None:
        raise NoCandidate("; ".join(faults) or "every sample came back empty")
    deps, probability = runtime.context, state["probability"]
    reply = new_answer(winner, deps.meter, _stopped(state), verdict.confidence, faults=faults)
    met = None
    if deps.needs is not None:
        met = are_met(deps.needs, verdict, probability, deps.meter)
    return {"answer": replace(reply, probability=probability, needs_met=met)}


def new_answer(
    candidate: Candidate,
    meter: Meter,
    stopped: StopReason,
    confidence: float | None,
    *,
    faults: tuple[str, ...],
) -> Answer:
    """Return `candidate` as the answer of a run that `meter` counted."""
    return Answer(
        text=candidate.text,
        candidate=candidate.key,
        answer=candidate.answer,
        whole=candidate.whole,
        confidence=confidence,
        stop_reason=stopped if candidate.whole else "no_whole_answer",
        usage=meter.usage,
        answer_tokens=candidate.n_tokens,
        generations=meter.generations,
        seconds=meter.seconds,
        faults=faults,
    )


def _stopped(state: ReadyToAnswer) -> StopReason:
    """Return the last reason to stop that a stage gave."""
    if "revised" in state:
        if state["enough"]:
            return "needs_met"
        decided = state["verdict"].decided
        return state["revised"].stopped or ("decided" if decided else "completed")
    if "hunt" in state:
        return state["hunt"].stopped or "completed"
    return state["pilot"].stopped or "completed"
