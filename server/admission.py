"""Which runs may go on now, and which wait: a few at once, a few more in line, the rest not at all.

`Line` is the rule, without time or tasks: at most `max_running` run and at most `max_waiting` wait;
nobody waits while there is room; who waits starts by priority, then by arrival. When the line is
full, the one who would start last, be it the newcomer, is turned away. `Admission` is the line that
tasks stand in.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .try_later import TryLater

FIRST_GUESS_S = 5.0
"""How long a run is taken to last before one has ended."""
WEIGHT = 0.1
"""Of the newest run in the mean of how long they last."""
MOST_S = 60
"""The longest that somebody who is turned away is told to wait."""


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A place; the smaller goes first."""

    minus_priority: int
    number: int
    """In the order of arrival."""


class Line:
    """The rule."""

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        if max_running < 1 or max_waiting < 0:
            raise ValueError(f"a line needs room, not {max_running!r} and {max_waiting!r}")
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.running: set[Ticket] = set()
        self.waiting: set[Ticket] = set()
        self._arrived = 0

    def enter(self, priority: int) -> tuple[Ticket, Ticket | None]:
        """Return the newcomer's ticket, and that of the one who is turned away, if any."""
        ticket = Ticket(-priority, self._arrived)
        self._arrived += 1
        if len(self.running) < self.max_running:
            self.running.add(ticket)
            return ticket, None
        self.waiting.add(ticket)
        if len(self.waiting) <= self.max_waiting:
            return ticket, None
        last = max(self.waiting)
        self.waiting.remove(last)
        return ticket, last

    def leave(self, ticket: Ticket) -> Ticket | None:
        """Take `ticket` out, wherever it is, and return the one that starts in its place, if any."""
        self.waiting.discard(ticket)
        if ticket not in self.running:
            return None
        self.running.remove(ticket)
        if not self.waiting:
            return None
        following = min(self.waiting)
        self.waiting.remove(following)
        self.running.add(following)
        return following


class Admission:
    """A line for tasks. Belongs to one event loop."""

    def __init__(self, line: Line, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.line = line
        self._clock = clock
        self._calls: dict[Ticket, asyncio.Future[None]] = {}
        self._mean_s = FIRST_GUESS_S
        self.closed = False
        """Whether the server is about to stop, and starts no run any more."""

    @asynccontextmanager
    async def admitted(self, priority: int) -> AsyncIterator[None]:
        """Wait for a place, and hold it for as long as the block lasts.

        Leaving while waiting leaves the line.

        Raises:
            TryLater: 503; the line is full, or the server stops.
        """
        if self.closed:
            raise self.stopping()
        ticket, last = self.line.enter(priority)
        if last is not None:
            busy = self._busy()
            if last == ticket:
                raise busy
            self._call(last, busy)
        try:
            if ticket not in self.line.running:
                self._calls[ticket] = asyncio.get_running_loop().create_future()
                await self._calls[ticket]
            began = self._clock()
            try:
                yield
            finally:
                self._mean_s += WEIGHT * (self._clock() - began - self._mean_s)
        finally:
            self._calls.pop(ticket, None)
            if (following := self.line.leave(ticket)) is not None:
                self._call(following)

    def close(self) -> None:
        """Start nothing any more, and turn away all who wait."""
        self.closed = True
        for ticket in list(self.line.waiting):
            self.line.leave(ticket)
            self._call(ticket, self.stopping())

    def stopping(self) -> TryLater:
        """Return what is told to those who come while the server stops."""
        message = "the server is shutting down; ask again, another or its next one may answer"
        return _unavailable(message, "shutting_down", 1)

    def _call(self, ticket: Ticket, turned_away: TryLater | None = None) -> None:
        """Let a task that waits go on; one that is leaving of itself is left alone."""
        called = self._calls.pop(ticket)
        if called.done():
            return
        if turned_away is None:
            called.set_result(None)
        else:
            called.set_exception(turned_away)

    def _busy(self) -> TryLater:
        line = self.line
        turns = (len(line.waiting) + 1) / line.max_running
        seconds = min(MOST_S, max(1, math.ceil(turns * self._mean_s)))
        message = f"too many runs: {len(line.running)} going on and {len(line.waiting)} waiting"
        return _unavailable(f"{message}; try again in {seconds} s", "overloaded", seconds)


def _unavailable(message: str, code: str, seconds: int) -> TryLater:
    return TryLater(
        status=503, message=message, code=code, scarce="capacity", retry_after_s=seconds
    )
