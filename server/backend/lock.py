"""One set-up at a time in one cache folder, across processes."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .base import Report


@asynccontextmanager
async def exclusive(path: Path, report: Report, *, poll_s: float = 0.5) -> AsyncIterator[None]:
    """Hold the lock file `path`; waits, and says so, while another process holds it.

    The lock is the operating system's, so it ends with the process that held it, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        waited = False
        while not _locked(file.fileno()):
            if not waited:
                report.say("Another forethought is setting up in the same cache folder; waiting.")
                waited = True
            await asyncio.sleep(poll_s)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
