"""Writes a run as a chat completion, whole or in chunks: the thinking first, then each choice."""

from __future__ import annotations

from ...nodes.events import Event, TextArrived
from ...nodes.state import Answer
from ..asking import question_of
from ..engine import Ask
from ..errors import Refusal
from ..narrate import Narrator
from ..noted import Noted
from .choices import Choice, Choices
from .direct import DirectText
from .reply import DONE, Reply, compact_json, sse


class Telling:
    """A `Teller` of one chat completion."""

    def __init__(
        self, ask: Ask, trace_id: str, *, thinks: bool, model: str, include_usage: bool
    ) -> None:
        self._ask = ask
        self._trace_id = trace_id
        self._include_usage = include_usage
        self._reply = Reply(noted=Noted(trace_id=trace_id, effort=ask.effort), model=model)
        self._narrator = Narrator() if thinks else None
        self._direct = DirectText()
        self._choices = Choices()
        self._thinking: list[str] = []

    def begin(self) -> bytes:
        """Return the first chunk."""
        return self._reply.role_chunk()

    def feed(self, event: Event) -> bytes:
        """Tell what happened."""
        self._reply.note(event)
        self._choices.note(event)
        if self._narrator is not None:
            if text := self._narrator.feed(event):
                self._thinking.append(text)
                return self._reply.thinking_chunk(text)
        elif isinstance(event, TextArrived) and (text := self._direct.feed(event)):
            return self._reply.content_chunk(text)
        return b""

    def end(self, answer: Answer) -> bytes:
        """Tell the choices, and end the stream.

        Raises:
            Refusal: 502; what was sent of the answer was given up since.
        """
        chunks: list[bytes] = []
        for index, choice in enumerate(self._best(answer)):
            if index > 0:
                chunks.append(self._reply.role_chunk(index))
            if rest := choice.text if index > 0 else self._direct.rest(choice.text):
                chunks.append(self._reply.content_chunk(rest, index))
            if choice.tool_calls:
                chunks.append(self._reply.call_chunks(choice.tool_calls, index))
            chunks.append(self._reply.finish_chunk(answer, choice, index))
        if self._include_usage:
            chunks.append(self._reply.usage_chunk(answer))
        return b"".join((*chunks, DONE))

    def fail(self, refusal: Refusal) -> bytes:
        """Tell why there is no answer."""
        return sse(refusal.body()) + DONE

    def whole(self, answer: Answer) -> bytes:
        """Return the reply."""
        told = "".join(self._thinking).strip()
        reply = self._reply.whole(answer, self._best(answer), told)
        return compact_json(reply)

    def _best(self, answer: Answer) -> list[Choice]:
        return self._choices.best(answer, question_of(self._ask), self._ask.n, self._trace_id)
