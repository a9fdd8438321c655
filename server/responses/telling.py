"""Writes a run as a response: the thinking as a reasoning item, then the answer.

The same object is built whether it is streamed or not; a reply that is not streamed is what the last
event of the stream would carry.
"""

from __future__ import annotations

import json
import time
from typing import Literal

from ...nodes.events import Event, TextArrived
from ...nodes.state import Answer
from ..chat.direct import DirectText
from ..errors import Refusal
from ..noted import Noted
from .frame import Frame, Json, Status, error, usage
from .summary import Detail, Summary
from .wire import ItemStatus, Message, Reasoning, Wire, add_call


class Telling:
    """A `Teller` of one response."""

    def __init__(
        self, frame: Frame, trace_id: str, *, thinks: bool, detail: Detail, after: int = -1
    ) -> None:
        self._frame = frame
        self._trace_id = trace_id
        self._noted = Noted(trace_id=trace_id, effort=frame.effort)
        self._wire = Wire(trace_id, after=after)
        self._summary = Summary(detail) if thinks else None
        self._direct = DirectText()
        self._reasoning: Reasoning | None = None
        self._message: Message | None = None

    def begin(self) -> bytes:
        """Return the first two events."""
        self._wire.event("response.created", response=self._response("in_progress"))
        self._wire.event("response.in_progress", response=self._response("in_progress"))
        return self._wire.taken()

    def feed(self, event: Event) -> bytes:
        """Tell what happened."""
        self._noted.note(event)
        if self._summary is not None:
            told = self._summary.feed(event)
            if told.text:
                self._reasoning = self._reasoning or Reasoning(self._wire)
                self._reasoning.add(told.text)
            if told.ends and self._reasoning is not None:
                self._reasoning.end_part()
        elif isinstance(event, TextArrived) and (text := self._direct.feed(event)):
            self._say(text)
        return self._wire.taken()

    def end(self, answer: Answer, *, completed_at: int | None = None) -> bytes:
        """Tell the answer, and end the stream."""
        response = self.ended(answer, completed_at=completed_at or int(time.time()))
        self._wire.event(f"response.{response['status']}", response=response)
        return self._wire.taken()

    def fail(self, refusal: Refusal) -> bytes:
        """End what is open, and the stream."""
        self._wire.event("response.failed", response=self.failed(refusal))
        return self._wire.taken()

    def whole(self, answer: Answer) -> bytes:
        """Return the response."""
        response = self.ended(answer, completed_at=int(time.time()))
        return json.dumps(response, ensure_ascii=False).encode()

    def failed(self, refusal: Refusal) -> Json:
        """Return the response of a run that failed."""
        self._close("incomplete")
        return self._response("failed") | {"error": error(refusal)}

    def ended(self, answer: Answer, *, completed_at: int | None) -> Json:
        """Return the response with its answer.

        Raises:
            Refusal: 502; what was sent of the answer was given up since.
        """
        status: Literal["completed", "incomplete"]
        status = "completed" if answer.whole else "incomplete"
        rest = self._direct.rest(answer.text)
        if self._reasoning is not None:
            self._reasoning.end("completed")
            self._reasoning = None
        if rest or not (answer.tool_calls or self._message):
            self._say(rest)
        self._close(status)
        for call in answer.tool_calls:
            add_call(self._wire, call_id=call.id, name=call.name, arguments=call.arguments)
        cut = None if answer.whole else {"reason": "max_output_tokens"}
        return self._response(status) | {
            "completed_at": completed_at if answer.whole else None,
            "incomplete_details": cut,
            "usage": usage(answer),
            "forethought": self._noted.extension(answer),
        }

    def _say(self, text: str) -> None:
        self._message = self._message or Message(self._wire)
        if text:
            self._message.add(text)

    def _close(self, status: ItemStatus) -> None:
        """End the item that is open, if there is one."""
        for item in (self._reasoning, self._message):
            if item is not None:
                item.end(status)
        self._reasoning = self._message = None

    def _response(self, status: Status) -> Json:
        return self._frame.response(self._trace_id, status, list(self._wire.output))
