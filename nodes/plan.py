"""Asks the policy what to do, again when the question turns out harder than it looked."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from langgraph.runtime import Runtime

from .difficulty.base import Difficulty, Level
from .difficulty.model import estimate_difficulty
from .policy.base import Situation
from .state import Deps, Planned, ReadyToPlan

_HARDER: dict[Level, Level] = {1: 2, 2: 3, 3: 4, 4: 5, 5: 5}


async def plan(state: ReadyToPlan, runtime: Runtime[Deps]) -> Planned:
    """Add a plan for what is left of the budget."""
    deps, plans = runtime.context, state.get("plans", ())
    pilot, difficulty = state["pilot"], state["difficulty"]
    found = pilot.candidates + (state["hunt"].search.candidates if "hunt" in state else ())
    if plans:
        now = estimate_difficulty(deps.difficulty, state["question"].text, found)
        difficulty = _harder(plans[-1].difficulty, now)
    lengths = [candidate.n_tokens for candidate in found if candidate.whole]
    situation = Situation(
        kind=state["kind"],
        difficulty=difficulty,
        room=max(deps.meter.room(), 1),
        verifier=deps.verifier is not None and deps.verifier.granularity == "step",
        judge=deps.verifier is not None and deps.verifier.granularity == "solution",
        larger=deps.larger_price if deps.larger else None,
        continuation=deps.generator.abilities.continuation,
        spent=deps.meter.generations,
        needs=deps.needs,
        answer_tokens=fmean(lengths) if lengths else None,
        round_s=pilot.seconds,
        seconds_left=deps.meter.seconds_left,
    )
    return {"plans": (*plans, deps.policy.choose(situation))}


def _harder(before: Difficulty, now: Difficulty) -> Difficulty:
    """Return what is known now, at least one level harder: the last plan left the vote open."""
    harder = _HARDER[before.level]
    return now if now.level >= harder else replace(now, level=harder)
