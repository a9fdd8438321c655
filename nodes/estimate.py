"""Draws a small pilot, which the search reuses, and guesses from it how hard the question is."""

from __future__ import annotations

from langgraph.runtime import Runtime

from .algorithms.draw import draw
from .algorithms.scoring import score_candidates
from .algorithms.selection import select
from .difficulty.guess import guess_difficulty
from .equality.read import read_answers
from .kinds import refine_kind
from .state import Asked, Deps, Estimated, Pilot
from .tools import tools_for


async def estimate(state: Asked, runtime: Runtime[Deps]) -> Estimated:
    """Draw, score and read the pilot; a pilot that agrees ends the run."""
    deps, question = runtime.context, state["question"]
    tools = tools_for(state, runtime)
    n = min(deps.pilot, deps.meter.budget.generations)
    drawn = await draw(tools, n, first=0, origin="pilot")
    scored = await score_candidates(question, drawn.candidates, deps.verifier)
    whole = [candidate.text for candidate in scored.candidates if candidate.whole]
    kind = refine_kind(question.kind, whole) if question.inferred else question.kind
    candidates = await read_answers(scored.candidates, kind, deps.equality)
    deps.meter.count(n, candidates)
    confident = select(candidates, "weighted").decided
    pilot = Pilot(
        candidates=candidates,
        faults=deps.faults + drawn.faults + scored.faults,
        stopped="confident" if confident else deps.meter.spent(),
    )
    return {"pilot": pilot, "kind": kind, "difficulty": guess_difficulty(candidates)}
