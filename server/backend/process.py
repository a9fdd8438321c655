"""One vLLM server, from its start to its end.

Invariant: leaving the context, or the death of this process, ends the server and its workers.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2

from .base import Report
from .child import GRACE_S, child
from .errors import BackendSetupError
from .launch import Launch, Place
from .log_lines import begin_log, last_line, telling_line

POLL_S = 0.25

OnDeath = Callable[[str], None]
"""Told, in one sentence, that a server which was ready has ended by itself."""
WaitUntilReady = Callable[[], Awaitable[None]]
"""Returns when the server answers; raises BackendSetupError if it ends or takes too long."""


@asynccontextmanager
async def running(
    place: Place,
    start: Launch,
    report: Report,
    *,
    on_death: OnDeath,
    timeout_s: float,
    grace_s: float = GRACE_S,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[WaitUntilReady]:
    """Start a server and yield the function that waits for it; it is stopped on the way out."""
    begin_log(start.log)
    watchers: list[asyncio.Task[None]] = []
    async with child(
        start.argv, log=start.log, environment=start.environment, grace_s=grace_s
    ) as process:

        async def wait_until_ready() -> None:
            await _wait_until_ready(place, start, process, report, timeout_s, clock)
            watchers.append(asyncio.create_task(_watch(place, start, process, on_death)))

        try:
            yield wait_until_ready
        finally:
            # From here on its end is our doing, so nobody is told of it.
            for watcher in watchers:
                watcher.cancel()


async def _wait_until_ready(
    place: Place,
    start: Launch,
    process: Process,
    report: Report,
    timeout_s: float,
    clock: Callable[[], float],
) -> None:
    label = f"starting the {place.role}"
    began = clock()
    ended = asyncio.create_task(process.wait())
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
            while not await _is_healthy(client, place):
                if ended.done():
                    raise BackendSetupError(_ended(place, start, ended.result(), "while starting"))
                seconds = clock() - began
                if seconds > timeout_s:
                    raise BackendSetupError(
                        f"the {place.role} ({place.served_name}) was not ready after "
                        f"{timeout_s:g} s (log: {start.log})"
                    )
                report.progress(label, seconds, None, last_line(start.log))
                await asyncio.wait({ended}, timeout=POLL_S)
    finally:
        ended.cancel()
        report.finish(label)
    report.say(
        f"The {place.role} {place.served_name} is ready at {place.root_url} "
        f"after {clock() - began:.0f} s; log: {start.log}"
    )


async def _watch(place: Place, start: Launch, process: Process, on_death: OnDeath) -> None:
    status = await process.wait()
    on_death(_ended(place, start, status, "by itself"))


async def _is_healthy(client: httpx2.AsyncClient, place: Place) -> bool:
    try:
        return (await client.get(f"{place.root_url}/health")).status_code == 200
    except httpx2.HTTPError:
        return False


def _ended(place: Place, start: Launch, status: int, when: str) -> str:
    return (
        f"the {place.role} ({place.served_name}) ended {when} with exit status {status}: "
        f"{telling_line(start.log)} (log: {start.log})"
    )
