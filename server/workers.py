"""Several processes that serve one port of one machine: started, watched, replaced, stopped.

Each listens on a socket of its own and the kernel spreads new connections over them; on one shared
socket, whoever wakes first takes a burst (of 64 connections at once, 56 and more went to one of two).
A worker that ends unasked is replaced, at once when it has lived for a while and after growing pauses
when not; one that no longer beats is killed, and so replaced. A worker that fails before any was up
ends the whole: its settings are wrong, and trying again would not help.

What a worker does is not known here: it is a function that a new process runs.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

from ..nodes.errors import ForethoughtError
from ..storage.database import is_in_memory
from .guard import OVERTIME_S
from .orders import Orders, Tell, Up
from .settings import Settings

SILENT_S = 30.0
"""After so long without a beat a worker hangs."""
START_S = 300.0
"""How long its first beat may take: imports, on a machine that is busy."""
LIVED_S = 30.0
"""A worker that lived so long is replaced without a pause."""
FIRST_PAUSE_S = 0.5
LAST_PAUSE_S = 30.0
CLOSING_S = 15.0
"""Beyond the grace: to write the traces and to close."""

Work = Callable[[Settings, Connection, int], None]


class WorkersFailed(ForethoughtError):
    """The workers did not start, or cannot share what they are given."""


def share_of(settings: Settings, number: int) -> Settings:
    """Return the settings of worker `number`, from 1: its part of what holds for all together.

    A mean of generations is the same for each: where each keeps it, all keep it.

    Raises:
        WorkersFailed: there are more workers than runs that may go on at once, or they cannot share
            the port or the database.
    """
    if sys.platform != "linux":  # elsewhere, one of those that listen gets all connections
        raise WorkersFailed("several workers on one port need Linux")
    if settings.max_running < settings.workers:
        told = f"{settings.workers} workers need a max_running of at least as many"
        raise WorkersFailed(f"{told}, not {settings.max_running}")
    if is_in_memory(settings.database_url):
        raise WorkersFailed("several workers cannot share a database in memory: name a file")

    def part(whole: int) -> int:
        return whole // settings.workers + (number <= whole % settings.workers)

    parts = {"max_running": part(settings.max_running), "max_waiting": part(settings.max_waiting)}
    return settings.model_copy(update=parts)


class Workers:
    """All of them."""

    def __init__(
        self,
        settings: Settings,
        work: Work,
        *,
        tell: Tell,
        silent_s: float = SILENT_S,
        lived_s: float = LIVED_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._shares = [share_of(settings, n + 1) for n in range(settings.workers)]
        self._stopped_s = settings.grace_s + 2 * OVERTIME_S + CLOSING_S
        self._work = work
        self._tell = tell
        self._silent_s = silent_s
        self._lived_s = lived_s
        self._first_pause_s = first_pause_s
        self._any_was_up = False
        self._now: dict[int, _Process] = {}

    async def run(self, orders: Orders, all_up: Callable[[Up], None]) -> None:
        """Keep all of them running until `orders` say to stop, and return when all have ended.

        `all_up` is called once, when every one has been up.

        Raises:
            WorkersFailed: one ended before any was up.
        """
        ups: dict[int, Up] = {}

        def up(number: int, said: Up) -> None:
            self._any_was_up = True
            if number not in ups:
                ups[number] = said
                if len(ups) == len(self._shares):
                    all_up(said)

        async def stopping() -> None:
            await orders.stop.wait()
            self._terminate()
            await orders.at_once.wait()
            self._terminate()

        passing_on = asyncio.create_task(stopping())
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(1, len(self._shares) + 1):
                    group.create_task(self._keep(number, orders, up))
        except* WorkersFailed as failed:
            raise failed.exceptions[0] from None
        finally:
            passing_on.cancel()
            for process in self._now.values():
                process.kill()

    def _terminate(self) -> None:
        for process in self._now.values():
            process.terminate()

    async def _keep(self, number: int, orders: Orders, up: Callable[[int, Up], None]) -> None:
        pause_s = self._first_pause_s
        while not orders.stop.is_set():
            began = time.monotonic()
            process = _Process(
                self._work,
                self._shares[number - 1],
                number,
                lambda u: up(number, u),
            )
            self._now[number] = process
            code = await self._watched(process, number, orders)
            del self._now[number]
            if orders.stop.is_set():
                return
            if not self._any_was_up:
                raise WorkersFailed(f"worker {number} ended before it answered ({_how(code)})")
            wait_s = pause_s
            pause_s = min(LAST_PAUSE_S, 2 * pause_s)
            if time.monotonic() - began >= self._lived_s:
                wait_s, pause_s = 0.0, self._first_pause_s
            self._tell(f"worker {number} ended ({_how(code)}); another starts in {wait_s:g} s")
            await _first(orders.stop, wait_s)

    async def _watched(self, process: _Process, number: int, orders: Orders) -> int:
        """Return its exit code; one that is silent for too long, or does not stop, is killed."""
        told_to_stop: float | None = None
        while not await process.ended(within_s=min(1.0, self._silent_s / 4)):
            now = time.monotonic()
            if orders.stop.is_set():
                told_to_stop = told_to_stop or now
                if now - told_to_stop > self._stopped_s:
                    self._tell(f"worker {number} does not stop; it is killed")
                    process.kill()
            elif now - process.heard_s > (self._silent_s if process.heard else START_S):
                self._tell(f"worker {number} hangs; it is killed")
                process.kill()
        return process.code


class _Process:
    """One process, heard and waited for in this event loop."""

    def __init__(
        self,
        work: Work,
        settings: Settings,
        number: int,
        up: Callable[[Up], None],
    ) -> None:
        context = get_context("spawn")  # a fork would take our event loop along
        self._pipe, theirs = context.Pipe()
        arguments = (settings, theirs, number)
        self._process = context.Process(target=work, args=arguments, name=f"forethought {number}")
        self._process.start()
        theirs.close()
        self.heard = False
        self.heard_s = time.monotonic()
        """When it said something last, or began."""
        self.code = 0
        self._up = up
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe.fileno(), self._hear)
        self._loop.add_reader(self._process.sentinel, self._end)

    def terminate(self) -> None:
        """Tell it to stop."""
        if not self._over.is_set():
            self._process.terminate()

    def kill(self) -> None:
        """End it."""
        if not self._over.is_set():
            self._process.kill()

    async def ended(self, *, within_s: float) -> bool:
        """Wait for its end, and say whether it has come."""
        return await _first(self._over, within_s)

    def _hear(self) -> None:
        try:
            said = self._pipe.recv()
        except (EOFError, OSError):
            self._loop.remove_reader(self._pipe.fileno())
            return
        self.heard, self.heard_s = True, time.monotonic()
        if isinstance(said, Up):
            self._up(said)

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._loop.remove_reader(self._pipe.fileno())
        self._process.join()  # reaps it: until then its id seems alive
        self.code = self._process.exitcode or 0
        self._process.close()
        self._pipe.close()
        self._over.set()


async def _first(event: asyncio.Event, within_s: float) -> bool:
    """Wait for the event, and say whether it has come."""
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
