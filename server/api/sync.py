"""`Forethought` without `await`: the asynchronous one, in a thread with an event loop of its own.

It may be called from any thread, and inside a running event loop (a notebook's cell).
"""

from __future__ import annotations

import atexit
import queue
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import ExitStack, aclosing
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anyio.from_thread import BlockingPortal, start_blocking_portal

from . import forethought
from .asked import Asked, Options
from .thought import Thought, ThoughtEvent

if TYPE_CHECKING:
    from typing import Unpack

    from ..settings import Settings

OnEvent = Callable[[ThoughtEvent], object]
"""Called from the other thread with what happens."""


class Forethought:
    """Answers questions.

        with Forethought() as forethought:
            thought = forethought.think("What is 17 + 25?", effort="high")

    In a notebook leave `with` out, and call `close` at the end; the end of the program closes it too.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Take what the asynchronous `Forethought` takes; nothing is opened yet."""
        self._async = forethought.Forethought(base_url=base_url, api_key=api_key, settings=settings)
        self._starting = Lock()
        self._open = ExitStack()
        self._thread: BlockingPortal | None = None

    def __enter__(self) -> Self:
        """Open the engine, or the connections to the server."""
        try:
            self._portal().call(self._async.__aenter__)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it again."""
        self.close()

    def close(self) -> None:
        """Write what is left of the traces, and end the thread; twice is once."""
        atexit.unregister(self.close)
        with self._starting:
            self._thread = None
            self._open.close()

    def think(self, question: str, **options: Unpack[Options]) -> Thought:
        """Return the answer to `question`.

        Raises:
            ForethoughtError: there is no answer.
            ValueError: an argument is wrong.
        """
        return wait_for(self.think_soon(question, **options))

    def think_soon(
        self, question: str, on_event: OnEvent | None = None, **options: Unpack[Options]
    ) -> Future[Thought]:
        """Begin, and return where the answer will be; cancelling that cancels the run.

        With `on_event` the text is told while it is sampled.

        Raises:
            ValueError: an argument is wrong.
        """
        Asked(question=question, **options)  # a wrong argument is told here, not by the future

        async def think() -> Thought:
            if on_event is None:
                return await self._async.think(question, **options)
            async with aclosing(self._async.stream(question, **options)) as events:
                async for event in events:
                    on_event(event)
                    if isinstance(event, Thought):
                        return event
            raise RuntimeError("the run ended without a thought")

        return self._portal().start_task_soon(think)

    def stream(self, question: str, **options: Unpack[Options]) -> Generator[ThoughtEvent]:
        """Think, and yield what happens, the `Thought` last; closing it early cancels the run.

        Raises:
            ForethoughtError: there is no answer.
            ValueError: an argument is wrong.
        """
        told: queue.SimpleQueue[ThoughtEvent | None] = queue.SimpleQueue()
        thinking = self.think_soon(question, told.put, **options)
        thinking.add_done_callback(lambda _: told.put(None))
        try:
            while (event := told.get()) is not None:
                yield event
            thinking.result()
        finally:
            thinking.cancel()

    def _portal(self) -> BlockingPortal:
        with self._starting:
            if self._thread is None:
                self._thread = self._open.enter_context(start_blocking_portal(name="forethought"))
                self._open.callback(self._thread.call, self._async.close)
                atexit.register(self.close)  # a program may end without; its traces are kept
            return self._thread


def wait_for(thinking: Future[Thought]) -> Thought:
    """Return what `think_soon` began; an interrupted wait (Ctrl-C) cancels the run.

    Raises:
        ForethoughtError: there is no answer.
    """
    try:
        return thinking.result()
    except BaseException:
        thinking.cancel()
        raise
