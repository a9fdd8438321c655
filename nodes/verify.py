"""Groups equal answers and weighs the votes of everything found so far."""

from __future__ import annotations

from langgraph.runtime import Runtime

from .algorithms.selection import chains_of, select, select_across_chains
from .found import found_so_far
from .meeting_needs import is_enough, probability_of
from .state import Deps, ReadyToVerify, Verified


async def verify(state: ReadyToVerify, runtime: Runtime[Deps]) -> Verified:
    """Vote: across chains where there are revisions, else among all candidates."""
    deps, plans = runtime.context, state.get("plans", ())
    selection = plans[-1].strategy.selection if plans else deps.selection
    found = found_so_far(state)
    if "revised" in state:
        verdict = select_across_chains(chains_of(found), selection)
    else:
        verdict = select(found, selection)
    probability = probability_of(deps.confidence, verdict, found)
    enough = is_enough(deps.needs, verdict, probability, deps.meter)
    return {"verdict": verdict, "probability": probability, "enough": enough}
