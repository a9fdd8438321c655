"""Runs one round of the planned algorithm, and says whether there is a next one."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from .algorithms.base import Search
from .algorithms.branches import close
from .algorithms.selection import select
from .algorithms.stopping import independent
from .equality.read import read_answers
from .errors import BackendError, BudgetSpent
from .state import Deps, Hunt, ReadyToSearch, Searched, StopReason
from .tools import tools_for


async def search(state: ReadyToSearch, runtime: Runtime[Deps]) -> Searched:
    """Run one round; what it found is kept whatever ends it."""
    deps, plans = runtime.context, state["plans"]
    before = _standing(state.get("hunt"), len(plans))
    strategy = plans[-1].strategy
    try:
        tools = tools_for(state, runtime)  # its seeds begin where the pilot's end
        tools = replace(tools, sampling=tools.sampling_from(len(state["pilot"].candidates)))
        after = await strategy.advance(before, tools)
    except BudgetSpent as spent:
        return _ended(before, len(plans), spent.resource)
    except BackendError as exc:
        return _ended(replace(before, faults=(*before.faults, str(exc))), len(plans), "upstream")
    new = after.candidates[len(before.candidates) :]
    read = await read_answers(new, state["kind"], deps.equality)
    after = replace(after, candidates=before.candidates + read)
    deps.meter.count(after.generations - before.generations, read)
    witnesses = independent(state["pilot"].candidates + after.candidates)
    if after.decided or select(witnesses, strategy.selection).decided:
        return _ended(after, len(plans), "decided")
    if (spent_ := deps.meter.spent()) in ("deadline", "tokens"):
        return _ended(after, len(plans), spent_)
    if not after.done:
        return {"hunt": Hunt(search=after, epoch_of=len(plans))}
    if plans[-1].revisions is None and deps.meter.room() > 0:
        return {"hunt": Hunt(search=after, epoch_of=len(plans), harder=True)}
    return _ended(after, len(plans), "completed" if deps.meter.room() else "generations")


def _standing(hunt: Hunt | None, epoch: int) -> Search:
    """Return where the search stands; a new plan starts anew with all that was found before."""
    if hunt is None:
        return Search(epoch=epoch)
    if hunt.epoch_of == epoch:
        return hunt.search
    return replace(hunt.search, epoch=epoch, rounds=0, live=(), done=False)


def _ended(search_: Search, epoch: int, stopped: StopReason) -> Searched:
    """Close what is still open, so that nothing found is lost."""
    closed = tuple(close(branch, "stopped") for branch in search_.live)
    done = replace(search_, live=(), candidates=search_.candidates + closed, done=True)
    return {"hunt": Hunt(search=done, epoch_of=epoch, stopped=stopped)}
