"""Asks the policy what to do, again when the question turns out harder than it looked."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .difficulty.base import Difficulty, Level
from .difficulty.guess import guess_difficulty
from .policy.base import Situation
from .state import Deps, Planned, ReadyToPlan

_HARDER: dict[Level, Level] = {1: 2, 2: 3, 3: 4, 4: 5, 5: 5}


async def plan(state: ReadyToPlan, runtime: Runtime[Deps]) -> Planned:
    """Add a plan for what is left of the budget."""
    deps, plans = runtime.context, state.get("plans", ())
    found = state["pilot"].candidates + (state["hunt"].search.candidates if "hunt" in state else ())
    situation = Situation(
        kind=state["kind"],
        difficulty=_harder(plans[-1].difficulty, guess_difficulty(found))
        if plans
        else state["difficulty"],
        room=max(deps.meter.room(), 1),
        verifier=deps.verifier is not None and deps.verifier.granularity == "step",
        judge=deps.verifier is not None and deps.verifier.granularity == "solution",
        larger=deps.larger_price if deps.larger else None,
        continuation=deps.generator.abilities.continuation,
    )
    return {"plans": (*plans, deps.policy.choose(situation))}


def _harder(before: Difficulty, now: Difficulty) -> Difficulty:
    """Return what is known now, at least one level harder: the last plan left the vote open."""
    harder = _HARDER[before.level]
    return now if now.level >= harder else replace(now, level=harder)
