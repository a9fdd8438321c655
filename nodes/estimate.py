"""Draws a small pilot, which the search reuses, and estimates from it how hard the question is.

What an earlier run of the same request had found is part of the pilot: only what that lacks is drawn.
"""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .algorithms.base import Tools
from .algorithms.confidence import mean
from .algorithms.draw import Drawn, draw
from .algorithms.scoring import score_candidates
from .algorithms.selection import select
from .candidate import Candidate
from .difficulty.features import FEATURES
from .difficulty.model import estimate_difficulty
from .earlier import drawn as drawn_whole
from .equality.read import read_answers
from .kinds import refine_kind
from .meeting_needs import is_enough, probability_of
from .policy.document import DifficultyModel
from .state import Asked, Deps, Estimated, Pilot, StopReason
from .tools import tools_for


async def estimate(state: Asked, runtime: Runtime[Deps]) -> Estimated:
    """Draw, score and read the pilot; one that agrees, or that is enough, ends the run."""
    deps, question = runtime.context, state["question"]
    began_s = deps.meter.seconds
    known, n = len(drawn_whole(deps.earlier)), min(deps.pilot, deps.meter.budget.generations)
    if deps.earlier:
        n = max(0, min(n - known, deps.meter.room()))
    drawn = await _draw(tools_for(state, runtime), n, deps.difficulty, first=known)
    scored = await score_candidates(question, deps.earlier + drawn.candidates, deps.verifier)
    seconds = deps.meter.seconds - began_s
    whole = [candidate.text for candidate in scored.candidates if candidate.whole]
    kind = refine_kind(question.kind, whole) if question.inferred else question.kind
    candidates = await read_answers(scored.candidates, kind, deps.equality)
    deps.meter.count(n, candidates)
    pilot = Pilot(
        candidates=candidates,
        faults=deps.faults + drawn.faults + scored.faults,
        stopped=_stopped(candidates, deps),
        seconds=seconds,
    )
    samples = drawn_whole(candidates) if deps.earlier else candidates
    difficulty = estimate_difficulty(deps.difficulty, question.text, samples)
    return {"pilot": pilot, "kind": kind, "difficulty": difficulty}


async def _draw(tools: Tools, n: int, model: DifficultyModel | None, *, first: int) -> Drawn:
    """Draw the pilot, with token log-probabilities where the model reads them: they cost."""
    if n == 0:
        return Drawn(candidates=(), faults=())
    if model is None or not FEATURES["confidence"].keys() & set(model.model.features):
        return await draw(tools, n, first=first, origin="pilot")
    asking = replace(tools, sampling=replace(tools.sampling, logprobs=0))
    drawn = await draw(asking, n, first=first, origin="pilot")
    pairs = zip(drawn.candidates, drawn.completions, strict=True)
    sure = tuple(
        replace(candidate, confidence=mean(completion.logprobs))
        if completion.logprobs
        else candidate
        for candidate, completion in pairs
    )
    return replace(drawn, candidates=sure)


def _stopped(candidates: tuple[Candidate, ...], deps: Deps) -> StopReason | None:
    """Return why nothing is to be done after the pilot, if so."""
    verdict = select(candidates, "weighted")
    if verdict.decided:
        return "confident"
    probability = probability_of(deps.confidence, verdict, candidates)
    if is_enough(deps.needs, verdict, probability, deps.meter):
        return "needs_met"
    return deps.meter.spent()
