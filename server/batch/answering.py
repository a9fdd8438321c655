"""One actor of a batch run: an engine of its own, or a connection to a server, and a bounded crowd of runs.

It is the same call as `Forethought.think`, with the gold answers graded by the service's own equality.
A question that fails is a row; many in a row without an answer between them end the run, since then it
is the model server that fails, and the rest would only be spoiled.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import pyarrow as pa

from ...nodes.budget import Effort
from ...nodes.equality.keys import AnswerKeys
from ...nodes.errors import ForethoughtError
from ...nodes.values import Kind
from ..api.asked import Asked
from ..api.base import Mind
from ..api.local import LocalMind
from ..api.remote import open_remote
from ..api.thought import Thought
from ..evaluation.errors import EvaluationError
from ..local_engine import LocalEngine, open_engine
from ..settings import Settings
from .rows import Question, answered, failed, questions_of, table_of

GRADED_AS: Kind = "math"
"""Where no kind is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HowAsked:
    """How every question of a batch run is asked."""

    settings: Settings
    """Of the engine in each actor; not looked at where there is a server."""
    base_url: str | None = None
    """Of a Forethought server that is asked instead."""
    api_key: str | None = None
    effort: Effort | None = None
    kind: Kind | None = None
    max_generations: int | None = None
    at_once: int = 32
    """Questions that one actor has under way."""
    most_failures: int = 100
    """Without an answer between them, after which an actor gives up."""


class Answerer:
    """Called by Ray Data with a batch of questions; its event loop is that of the first call."""

    def __init__(self, how: HowAsked) -> None:
        self._how = how
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(how.at_once)
        self._equality = AnswerKeys()
        self._mind: Mind | None = None
        self._engine: LocalEngine | None = None
        self._failures = 0

    async def __call__(self, batch: pa.Table) -> pa.Table:
        """Answer all questions of a batch, and return their rows in its order.

        Raises:
            EvaluationError: no model server answers, or too many questions in a row had no answer.
        """
        async with self._opening:
            if self._mind is None:
                self._mind = await self._enter()
        mind = self._mind
        questions = questions_of(batch.to_pylist())
        rows = await asyncio.gather(*(self._row(mind, question) for question in questions))
        if self._engine is not None:
            await self._engine.store.drain()  # Ray ends actors without a word
        return table_of(rows)

    async def close(self) -> None:
        """Close the engine, or the connection."""
        self._mind = None
        self._equality.close()
        await self._open.aclose()

    async def _enter(self) -> Mind:
        how = self._how
        if how.base_url is not None:
            return await self._open.enter_async_context(open_remote(how.base_url, how.api_key))
        self._engine = await self._open.enter_async_context(open_engine(how.settings))
        if reasons := await self._engine.ready():
            raise EvaluationError("; ".join(reasons))
        return LocalMind(self._engine, default_effort=how.settings.effort)

    async def _row(self, mind: Mind, question: Question) -> dict[str, object]:
        async with self._places:
            if self._failures >= self._how.most_failures:
                raise EvaluationError(f"{self._failures} questions one after another had no answer")
            try:
                thought = await self._think(mind, question)
                row = answered(question, thought, await self._right(thought, question))
            except Exception as error:  # noqa: BLE001  # the outermost handler of one question
                self._failures += isinstance(error, ForethoughtError)
                return failed(question, error)
            self._failures = 0
            return row

    async def _think(self, mind: Mind, question: Question) -> Thought:
        how = self._how
        asked = Asked(
            question=question.text,
            effort=how.effort,
            kind=how.kind,
            max_generations=how.max_generations,
        )
        async with aclosing(mind.events(asked, live=False)) as events:
            async for event in events:
                if isinstance(event, Thought):
                    return event
        raise RuntimeError("the run ended without a thought")

    async def _right(self, thought: Thought, question: Question) -> bool | None:
        if question.gold is None:
            return None
        if thought.answer is None or not thought.whole:
            return False
        kind = self._how.kind or GRADED_AS
        found, known = await self._equality.keys([thought.answer, question.gold], kind)
        return found is not None and found == known
