"""A run in a task of its own, so that its listener can wait a while, or leave.

The run is opened and closed in that one task. Leaving `follow` cancels it, and waits until it has
closed its calls and its trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..nodes.events import Event
from ..nodes.state import Answer
from .engine import Ask, Engine

Moment = Event | Answer | None
"""What comes next: an event, the answer when the run has ended, or None when time passed in silence."""


class Live:
    """What a run does, moment by moment."""

    def __init__(self, engine: Engine, ask: Ask) -> None:
        self.trace_id: str | None = None
        """None until the run is open."""
        self.thinks = True
        """Whether there is thinking before the answer; known once the run is open."""
        self._open = asyncio.Event()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._run = asyncio.create_task(self._follow(engine, ask))
        self._run.add_done_callback(self._ended)

    async def opened(self) -> str:
        """Wait until the run is open, and return its trace.

        Raises:
            ForethoughtError: it could not be opened.
        """
        await self._open.wait()
        if self.trace_id is None:
            self._run.result()
            raise RuntimeError("the run ended before it was open")
        return self.trace_id

    async def next(self, timeout_s: float | None = None) -> Moment:
        """Return what happens next, and after the answer nothing more.

        Raises:
            ForethoughtError: the run could not give any answer.
        """
        try:
            async with asyncio.timeout(timeout_s):
                event = await self._events.get()
        except TimeoutError:
            return None
        return self._run.result() if event is None else event

    async def close(self) -> None:
        """Cancel the run if it still goes on."""
        self._run.cancel()
        await asyncio.wait({self._run})

    async def _follow(self, engine: Engine, ask: Ask) -> Answer:
        async with engine.start(ask) as run:
            self.trace_id, self.thinks = run.trace_id, run.thinks
            self._open.set()
            async for event in run.events():
                self._events.put_nowait(event)
            return run.answer

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it as lost
        self._open.set()
        self._events.put_nowait(None)


@asynccontextmanager
async def follow(engine: Engine, ask: Ask) -> AsyncIterator[Live]:
    """Run `ask` in the background for as long as the block lasts."""
    live = Live(engine, ask)
    try:
        yield live
    finally:
        await live.close()
