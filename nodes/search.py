"""Runs one round of the planned algorithm, and says whether there is a next one."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .algorithms.base import Search, Strategy
from .algorithms.branches import close
from .algorithms.selection import select
from .algorithms.stopping import independent
from .candidate import Candidate
from .equality.read import read_answers
from .errors import BackendError, BudgetSpent
from .meeting_needs import is_enough, probability_of
from .state import Deps, Hunt, ReadyToSearch, Searched, StopReason
from .tools import search_tools_for

RULES_ITSELF = frozenset({"marginal_gain"})
"""Strategies that were fitted to end by their own rule, so that no other one ends them."""


async def search(state: ReadyToSearch, runtime: Runtime[Deps]) -> Searched:
    """Run one round; what it found is kept whatever ends it."""
    deps, plans = runtime.context, state["plans"]
    before = _standing(state.get("hunt"), len(plans))
    strategy = plans[-1].strategy
    try:
        after = await strategy.advance(before, search_tools_for(state, runtime))
    except BudgetSpent as spent:
        return _ended(before, len(plans), spent.resource)
    except BackendError as exc:
        return _ended(replace(before, faults=(*before.faults, str(exc))), len(plans), "upstream")
    new = after.candidates[len(before.candidates) :]
    read = await read_answers(new, state["kind"], deps.equality)
    after = replace(after, candidates=before.candidates + read)
    deps.meter.count(after.generations - before.generations, read)
    found = state["pilot"].candidates + after.candidates
    if (stopped := _stopped(after, found, strategy, deps)) is not None:
        return _ended(after, len(plans), stopped)
    if not after.done:
        return {"hunt": Hunt(search=after, epoch_of=len(plans))}
    if plans[-1].revisions is None and not plans[-1].final and deps.meter.room() > 0:
        return {"hunt": Hunt(search=after, epoch_of=len(plans), harder=True)}
    return _ended(after, len(plans), "completed" if deps.meter.room() else "generations")


def _stopped(
    after: Search, found: tuple[Candidate, ...], strategy: Strategy, deps: Deps
) -> StopReason | None:
    """Return why the search ends before its time, if it does."""
    rules_itself = strategy.name in RULES_ITSELF
    if after.decided or (
        not rules_itself and select(independent(found), strategy.selection).decided
    ):
        return "decided"
    if deps.needs is not None:
        verdict = select(found, strategy.selection)
        probability = probability_of(deps.confidence, verdict, found)
        if is_enough(deps.needs, verdict, probability, deps.meter):
            return "needs_met"
    if after.gave_up:
        return "not_worth_more"
    spent_ = deps.meter.spent()
    return spent_ if spent_ in ("deadline", "tokens") else None


def _standing(hunt: Hunt | None, epoch: int) -> Search:
    """Return where the search stands; a new plan starts anew with all that was found before."""
    if hunt is None:
        return Search(epoch=epoch)
    if hunt.epoch_of == epoch:
        return hunt.search
    search_ = replace(hunt.search, epoch=epoch, rounds=0, live=(), done=False)
    return replace(search_, began=search_.generations, share=None)


def _ended(search_: Search, epoch: int, stopped: StopReason) -> Searched:
    """Close what is still open, so that nothing found is lost."""
    closed = tuple(close(branch, "stopped") for branch in search_.live)
    done = replace(search_, live=(), candidates=search_.candidates + closed, done=True)
    return {"hunt": Hunt(search=done, epoch_of=epoch, stopped=stopped)}
