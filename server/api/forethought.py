"""`Forethought`: thinks before it answers, in this process or at a server, with the same result.

It belongs to the event loop that it is first used in; `sync.py` belongs to none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .asked import Asked, Options
from .base import Mind
from .thought import Thought, ThoughtEvent

if TYPE_CHECKING:  # needs pydantic-settings, which a client of a server never loads
    from typing import Unpack

    from ..settings import Settings


class Forethought:
    """Answers questions.

        async with Forethought() as forethought:
            thought = await forethought.think("What is 17 + 25?", effort="high")

    `think` and `stream` take `effort`, `kind`, `max_generations`, `max_thinking_tokens`,
    `deadline_s`, `needs` and `context`; `asked.Asked` says what each means.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Open nothing yet: that happens at the first question, or on entering the block.

        Args:
            base_url: Of a Forethought server; None thinks in this process.
            api_key: For that server.
            settings: Of this process; None reads `FORETHOUGHT_*` from the environment.

        Raises:
            ValueError: arguments that do not go together.
        """
        if base_url is None and api_key is not None:
            raise ValueError("api_key is for a server: give base_url too")
        if base_url is not None and settings is not None:
            raise ValueError("settings are for this process: give base_url or settings, not both")
        self._base_url, self._api_key, self._settings = base_url, api_key, settings
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._mind: Mind | None = None

    async def __aenter__(self) -> Self:
        """Open the engine, or the connections to the server.

        Raises:
            ValueError: a setting in the environment is wrong.
            StoreError: the trace database cannot be opened.
        """
        await self._ready()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it again."""
        await self.close()

    async def close(self) -> None:
        """Write what is left of the traces and close the connections; twice is once."""
        self._mind = None
        await self._open.aclose()

    async def think(self, question: str, **options: Unpack[Options]) -> Thought:
        """Return the answer to `question`. Cancelling the call cancels the run.

        Raises:
            ForethoughtError: there is no answer.
            ValueError: an argument is wrong.
        """
        asked = Asked(question=question, **options)
        async with aclosing((await self._ready()).events(asked, live=False)) as events:
            async for event in events:
                if isinstance(event, Thought):
                    return event
        raise RuntimeError("the run ended without a thought")

    async def stream(
        self, question: str, **options: Unpack[Options]
    ) -> AsyncGenerator[ThoughtEvent]:
        """Think, and yield what happens, the `Thought` last.

        Whoever stops reading early closes it (`contextlib.aclosing`), which cancels the run.

        Raises:
            ForethoughtError: there is no answer.
            ValueError: an argument is wrong.
        """
        asked = Asked(question=question, **options)
        async with aclosing((await self._ready()).events(asked, live=True)) as events:
            async for event in events:
                yield event

    async def _ready(self) -> Mind:
        async with self._opening:
            if self._mind is None:
                self._mind = await self._enter()
            return self._mind

    async def _enter(self) -> Mind:
        # Imported here: a client of a server never loads the engine, nor the other way round.
        if self._base_url is not None:
            from .remote import open_remote

            return await self._open.enter_async_context(open_remote(self._base_url, self._api_key))
        from .local import open_local

        return await self._open.enter_async_context(open_local(self._settings))
