"""The runs that go on in this process: found by their trace, cancelled, hurried, waited for.

A run is entered before it has a trace, so that none slips through while the server stops.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .engine import Run
from .errors import Refusal


class Going:
    """One run that goes on."""

    def __init__(
        self, scope: asyncio.Timeout, key_id: str | None, clock: Callable[[], float]
    ) -> None:
        self.key_id = key_id
        """The key it was asked with."""
        self.run: Run | None = None
        """None until it is open."""
        self._scope = scope
        self._clock = clock
        self._until: float | None = None

    def opened(self, run: Run) -> None:
        """Say which run it is; one that was hurried before it was open is hurried now."""
        self.run = run
        if self._until is not None:
            run.hurry(self._until - self._clock())

    def hurry(self, seconds: float) -> None:
        """Let it end within `seconds`, with its best so far."""
        self._until = self._clock() + seconds
        if self.run is not None:
            self.run.hurry(seconds)

    def cancel(self) -> None:
        """End it at once, without an answer; twice is once."""
        if not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())


class Running:
    """All of them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._going: set[Going] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._going)

    @asynccontextmanager
    async def entered(self, key_id: str | None) -> AsyncIterator[Going]:
        """Let a run of the task that enters be found for as long as the block lasts.

        Raises:
            Refusal: 409; somebody cancelled it.
        """
        async with _cancellable() as scope:
            going = Going(scope, key_id, self._clock)
            self._going.add(going)
            self._idle.clear()
            try:
                yield going
            finally:
                self._going.remove(going)
                if not self._going:
                    self._idle.set()

    def cancel(self, trace_id: str, key_id: str | None) -> bool:
        """Cancel the run of this trace; False when none goes on that was asked with that key."""
        found = [
            going
            for going in self._going
            if going.run is not None and going.run.trace_id == trace_id and going.key_id == key_id
        ]
        for going in found:
            going.cancel()
        return bool(found)

    def trace_ids(self) -> list[str]:
        """Return the traces of all that are open."""
        return [going.run.trace_id for going in self._going if going.run is not None]

    def end(self, trace_id: str) -> None:
        """Cancel the run of this trace, if it goes on here, whoever asked it."""
        for going in self._going:
            if going.run is not None and going.run.trace_id == trace_id:
                going.cancel()

    def cancel_all(self) -> None:
        """Cancel every run."""
        for going in self._going:
            going.cancel()

    def hurry(self, seconds: float) -> None:
        """Let every run, those that are not open yet too, end within `seconds`."""
        for going in self._going:
            going.hurry(seconds)

    async def idle(self) -> None:
        """Wait until nothing goes on."""
        await self._idle.wait()


@asynccontextmanager
async def _cancellable() -> AsyncIterator[asyncio.Timeout]:
    """Give a time-out that never comes unless it is set to now.

    It tells a cancellation of ours from that of a client who left, which goes on as it is.
    """
    scope = asyncio.timeout(None)
    try:
        async with scope:
            yield scope
    except TimeoutError as exc:
        if not scope.expired():
            raise
        raise Refusal(status=409, message="the run was cancelled", code="run_cancelled") from exc
