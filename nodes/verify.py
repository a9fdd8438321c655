"""Groups equal answers and weighs the votes of everything found so far."""

from __future__ import annotations

from .algorithms.selection import select, select_across_chains
from .found import found_so_far
from .state import ReadyToVerify, Verified


async def verify(state: ReadyToVerify) -> Verified:
    """Vote: across chains where there are revisions, else among all candidates."""
    plans = state.get("plans", ())
    selection = plans[-1].strategy.selection if plans else "weighted"
    revised = state.get("revised")
    if revised is None:
        return {"verdict": select(found_so_far(state), selection)}
    in_chains = {member.key for chain in revised.chains for member in chain}
    alone = [(c,) for c in found_so_far(state) if c.key not in in_chains]
    return {"verdict": select_across_chains([*alone, *revised.chains], selection)}
