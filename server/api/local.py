"""Thinks in this process.

A run knows nothing of its caller's context variables: LangGraph would take a run that is started
inside somebody's agent for a part of that agent, and write it into its checkpoints and streams.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context

from pydantic import ValidationError

from ...nodes.budget import GENERATIONS, Budget, Effort
from ...nodes.state import Answer
from ..engine import Ask, Engine
from ..live import Live
from ..local_engine import open_engine
from ..settings import Settings
from .asked import Asked
from .telling import Telling
from .thought import ThoughtEvent


class LocalMind:
    """An engine, asked by Python."""

    def __init__(self, engine: Engine, *, default_effort: Effort) -> None:
        self._engine = engine
        self._default_effort: Effort = default_effort

    async def events(self, asked: Asked, *, live: bool) -> AsyncGenerator[ThoughtEvent]:
        """Think, and yield what happens; see `Mind`."""
        run = Context().run(Live, self._engine, self._ask(asked, live))
        try:
            telling = Telling(trace_id=await run.opened(), thinks=run.thinks)
            while not isinstance(moment := await run.next(), Answer):
                if moment is not None and (told := telling.feed(moment)) is not None:
                    yield told
            for told in telling.end(moment):
                yield told
        finally:
            await run.close()

    def _ask(self, asked: Asked, live: bool) -> Ask:
        effort = asked.effort or self._default_effort
        generations = asked.max_generations
        return Ask(
            messages=asked.messages,
            effort=effort,
            budget=Budget(
                generations=GENERATIONS[effort] if generations is None else generations,
                tokens=asked.max_thinking_tokens,
                deadline_s=asked.deadline_s,
            ),
            kind=asked.kind,
            live=live,
            needs=asked.needs,
            face="python",
        )


@asynccontextmanager
async def open_local(settings: Settings | None) -> AsyncIterator[LocalMind]:
    """Open the engine of `settings`, or of the environment's, for as long as the block lasts.

    Raises:
        ValueError: a variable of the environment is wrong; it is named.
        StoreError: the trace database cannot be opened.
    """
    chosen = settings or _read_settings()
    async with open_engine(chosen) as engine:
        yield LocalMind(engine, default_effort=chosen.effort)


def _read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "FORETHOUGHT_" + "_".join(map(str, first["loc"])).upper()
        raise ValueError(f"{name}: {first['msg']}") from exc
