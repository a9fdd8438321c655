"""Writes one more revision in every chain, while the vote is in doubt."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .algorithms.revisions import Chain, Revisions
from .equality.read import read_answers
from .errors import BackendError, BudgetSpent
from .found import found_so_far
from .state import Deps, ReadyToRevise, Revised, Revising
from .tools import tools_for


async def revise(state: ReadyToRevise, runtime: Runtime[Deps]) -> Revising:
    """Lengthen each chain by one revision; chains start from the leaders of the vote."""
    deps, revisions = runtime.context, _planned(state)
    before = state.get("revised") or Revised(chains=_seeds(state))
    if revisions is None or not before.chains:
        return {"revised": replace(before, done=True)}
    try:
        longer = await revisions.lengthen(before.chains, tools_for(state, runtime))
    except BudgetSpent as spent:
        return {"revised": replace(before, done=True, stopped=spent.resource)}
    except BackendError as exc:
        faults = (*before.faults, str(exc))
        return {"revised": replace(before, faults=faults, done=True, stopped="upstream")}
    pairs = zip(before.chains, longer.chains, strict=True)
    new = [new[-1] for old, new in pairs if len(new) > len(old)]
    read = await read_answers(new, state["kind"], deps.equality)
    by_key = {candidate.key: candidate for candidate in read}
    chains = tuple(tuple(by_key.get(c.key, c) for c in chain) for chain in longer.chains)
    deps.meter.count(len(chains), read)
    spent_ = deps.meter.spent()
    done = spent_ is not None or max(map(len, chains)) > revisions.length
    faults = before.faults + longer.faults
    return {"revised": Revised(chains=chains, faults=faults, done=done, stopped=spent_)}


def _planned(state: ReadyToRevise) -> Revisions | None:
    return state["plans"][-1].revisions if "plans" in state else None


def _seeds(state: ReadyToRevise) -> tuple[Chain, ...]:
    """Return one chain for each of the leading answers, started by its best candidate."""
    revisions, verdict = _planned(state), state["verdict"]
    by_key = {c.key: c for c in found_so_far(state)}
    leaders = [group.members[0] for group in verdict.groups] or [verdict.winner or ""]
    chosen = [by_key[key] for key in leaders if key in by_key]
    return tuple((seed,) for seed in chosen[: revisions.chains if revisions else 0])
