"""Groups equal answers and weighs the votes of everything found so far."""

from __future__ import annotations

from .algorithms.selection import chains_of, select, select_across_chains
from .found import found_so_far
from .state import ReadyToVerify, Verified


async def verify(state: ReadyToVerify) -> Verified:
    """Vote: across chains where there are revisions, else among all candidates."""
    plans = state.get("plans", ())
    selection = plans[-1].strategy.selection if plans else "weighted"
    found = found_so_far(state)
    if "revised" not in state:
        return {"verdict": select(found, selection)}
    return {"verdict": select_across_chains(chains_of(found), selection)}
