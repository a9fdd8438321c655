"""One run of the engine: its events as they happen, its trace, and its answer as it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress

from ..graphs.run import run_graph
from ..graphs.stepping import Graph
from ..nodes.errors import StoreError
from ..nodes.events import Event, NodeFinished
from ..nodes.replying import as_asked
from ..nodes.state import Answer, Deps
from ..nodes.values import Question, Usage
from .standing import Standing
from .telemetry.observed import ObservedRun

SETTLED_S = 2.0
"""How long an answer waits for its trace to be written, where it does."""


class LocalRun:
    """One run, recorded while it goes on."""

    def __init__(
        self,
        graph: Graph,
        question: Question,
        deps: Deps,
        trace: ObservedRun,
        *,
        thinks: bool,
        standing: Standing | None = None,
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Make it; `settle` returns when its trace is written, and no answer is told before."""
        self._settle = settle
        self._graph = graph
        self._thinks = thinks
        self._standing = standing
        self._question = question
        self._deps = deps
        self._trace = trace
        self._answer: Answer | None = None

    @property
    def trace_id(self) -> str:
        """Where the run is stored."""
        return self._trace.trace_id

    @property
    def thinks(self) -> bool:
        """False when the model is asked once."""
        return self._thinks

    @property
    def answer(self) -> Answer:
        """The answer, once `events` has ended."""
        if self._answer is None:
            raise RuntimeError("the run has not ended")
        return self._answer

    @property
    def usage(self) -> Usage:
        """What it has spent so far, as the model servers counted it; what an earlier run spent is not
        in it."""
        return self._deps.meter.usage - self._deps.meter.carried

    def hurry(self, seconds: float) -> None:
        """Let it end within `seconds`, with its best so far; a nearer deadline stays."""
        self._deps.meter.hurry(seconds)

    async def events(self) -> AsyncIterator[Event]:
        """Run, and yield what happens.

        Raises:
            ForethoughtError: the run could not give any answer.
        """
        try:
            async with aclosing(run_graph(self._graph, self._question, self._deps)) as events:
                async for event in events:
                    self._trace.on(event)
                    if isinstance(event, NodeFinished):
                        await self._on(event)
                    yield event
        except Exception as exc:
            self._trace.fail(exc)
            raise

    async def _on(self, event: NodeFinished) -> None:
        if self._standing is not None and "pilot" in event.writes:
            pilot = event.writes["pilot"].candidates
            self._standing.noticed(self._question.text, pilot)
        if "answer" in event.writes:
            found, equality = event.writes["answer"], self._deps.equality
            self._answer = await as_asked(found, self._question, equality, self.trace_id)
            self._trace.finish(self._answer)
            if self._standing is not None:
                self._standing.finished(self._answer.generations)
            if self._settle is not None:
                with suppress(TimeoutError, StoreError):  # the answer is worth more than its trace
                    await asyncio.wait_for(self._settle(), SETTLED_S)
