"""A run that goes on in one process is cancelled by another, over the database alone."""

import asyncio
from collections.abc import Collection

import pytest

from fake_engine import TRACE, ScriptedRun, answer
from forethought.nodes.errors import StoreError
from forethought.server.cancelling import cancel_elsewhere, heeding
from forethought.server.errors import Refusal
from forethought.server.running import Running
from forethought.storage.keys import RunOwner

pytestmark = pytest.mark.anyio


class Runs:
    """A store of one run, which is there until somebody ends it."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.owner = RunOwner(status="running", key_id=None)
        self.broken = 0
        """Looks that fail, from the next one on."""

    async def owner_of_run(self, trace_id: str) -> RunOwner | None:
        return self.owner

    async def ask_cancel(self, trace_id: str) -> None:
        self.asked.add(trace_id)

    async def to_cancel(self, trace_ids: Collection[str]) -> list[str]:
        if self.broken:
            self.broken -= 1
            raise StoreError("the disk is full")
        return sorted(self.asked & set(trace_ids))


@pytest.mark.parametrize("broken", [0, 2])
async def test_the_process_that_runs_it_ends_it_and_who_asked_is_told(broken: int) -> None:
    runs, running = Runs(), Running()
    runs.broken = broken

    async def run() -> None:
        try:
            async with running.entered("anna") as going:
                going.opened(ScriptedRun((), answer(), thinks=True))
                await asyncio.get_running_loop().create_future()
        finally:
            runs.owner = RunOwner(status="cancelled", key_id=None)

    async with heeding(running, runs, look_s=0.001):
        task = asyncio.create_task(run())
        owner = await cancel_elsewhere(runs, TRACE, look_s=0.001)
        with pytest.raises(Refusal) as caught:
            await task
    assert caught.value.code == "run_cancelled"
    assert owner is not None and owner.status == "cancelled"
    assert runs.asked == {TRACE}


async def test_a_run_that_nobody_ends_is_running_still_after_the_patience() -> None:
    owner = await cancel_elsewhere(Runs(), TRACE, patience_s=0.01, look_s=0.001)
    assert owner is not None and owner.status == "running"


async def test_other_runs_go_on() -> None:
    runs, running = Runs(), Running()
    runs.asked.add("another")
    async with heeding(running, runs, look_s=0.001), running.entered(None) as going:
        going.opened(ScriptedRun((), answer(), thinks=True))
        await asyncio.sleep(0.02)
        assert running.trace_ids() == [TRACE]
