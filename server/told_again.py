"""A run that has ended, as a run: a face tells it again from its trace as if it went on now."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..nodes.events import Event
from ..nodes.state import Answer
from ..nodes.values import Usage
from ..storage.views import TraceDetail
from .responses.retold import answer_of, events_of


class ToldAgain:
    """A finished run, from its rows; it spends nothing."""

    def __init__(self, detail: TraceDetail) -> None:
        self._detail = detail

    @property
    def trace_id(self) -> str:
        """Of the run that was finished."""
        return self._detail.trace.id

    @property
    def thinks(self) -> bool:
        """False when the model was asked once."""
        return self._detail.trace.strategy != "direct"

    @property
    def usage(self) -> Usage:
        """What telling it spends."""
        return Usage()

    def hurry(self, seconds: float) -> None:
        """Take as long as it takes: nothing is waited for."""

    async def events(self) -> AsyncIterator[Event]:
        """Yield what its rows say of it."""
        for event in events_of(self._detail):
            yield event

    @property
    def answer(self) -> Answer:
        """The answer it gave."""
        return answer_of(self._detail)
