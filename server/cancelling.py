"""Cancels runs that go on in another process, by the database that all share.

The process that is asked writes the trace down; the one that runs it looks, twice a second as long as
anything runs, and ends it. So it works over processes and machines alike, and needs no way between
them. Until then who asked waits for the trace to say that the run has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from ..nodes.errors import StoreError
from ..storage.keys import RunOwner
from ..storage.recorder import Status
from .running import Running

logger = logging.getLogger(__name__)

LOOK_S = 0.5
"""Between two looks."""
PATIENCE_S = 5.0
"""How long who asked waits for the run to end."""


class RunStore(Protocol):
    """Knows the runs that were stored, of every process. Implementation: `storage.store.Store`."""

    async def owner_of_run(self, trace_id: str) -> RunOwner | None:
        """Return whose the run with this whole id is; None where there is none."""
        ...

    async def ask_cancel(self, trace_id: str) -> None:
        """Ask the process that runs the trace with this whole id to end it."""
        ...

    async def to_cancel(self, trace_ids: Collection[str]) -> list[str]:
        """Return those of `trace_ids` whose end was asked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of an attempt to cancel a run."""

    ended: bool
    """It was going on, and this has ended it."""
    status: Status | None
    """How it stands now; None where there is no such run for who asked."""


async def cancel_elsewhere(
    runs: RunStore, trace_id: str, *, patience_s: float = PATIENCE_S, look_s: float = LOOK_S / 2
) -> RunOwner | None:
    """Ask for the end of a stored run, and return how it stands once it has ended.

    It stands at `running` when it has not ended in `patience_s`: its process is gone, or too busy.
    """
    await runs.ask_cancel(trace_id)
    until = asyncio.get_running_loop().time() + patience_s
    while (owner := await runs.owner_of_run(trace_id)) is not None and owner.status == "running":
        if asyncio.get_running_loop().time() >= until:
            break
        await asyncio.sleep(look_s)
    return owner


@asynccontextmanager
async def heeding(
    running: Running, runs: RunStore, *, look_s: float = LOOK_S
) -> AsyncIterator[None]:
    """Inside the block, end the runs of this process whose end was asked for in another."""
    looking = asyncio.create_task(_look(running, runs, look_s), name="forethought cancellations")
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _look(running: Running, runs: RunStore, look_s: float) -> None:
    failed = False
    while True:
        await asyncio.sleep(look_s)
        if not (going := running.trace_ids()):
            continue
        try:
            for trace_id in await runs.to_cancel(going):
                running.end(trace_id)
            failed = False
        except StoreError as exc:
            if not failed:
                logger.warning("runs cancelled elsewhere go on: %s", exc)
            failed = True
