"""The events of a streamed response: numbered, and each with its type as its SSE event name.

Keeps the laws of the stream: an item or a part that was added is done before another one begins, and
its deltas add up to what its done event says. One item is open at a time.
"""

from __future__ import annotations

import json
from typing import Literal

from .frame import Json

ItemStatus = Literal["in_progress", "completed", "incomplete"]


class Wire:
    """Collects the events of one response, and its output."""

    def __init__(self, trace_id: str, *, after: int = -1) -> None:
        """Begin the events of a response.

        Args:
            trace_id: Of its run.
            after: Events up to this number are counted and not told: the reader has them.
        """
        self.output: list[Json] = []
        """Items that are done."""
        self._after = after
        self._trace_id = trace_id
        self._number = 0
        self._bytes = bytearray()

    def taken(self) -> bytes:
        """Return the events since the last time."""
        data = bytes(self._bytes)
        self._bytes.clear()
        return data

    def event(self, kind: str, **fields: object) -> None:
        """Add an event."""
        value = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        if self._number - 1 <= self._after:
            return
        text = json.dumps(value, ensure_ascii=False)
        self._bytes += f"event: {kind}\ndata: {text}\n\n".encode()

    def item_id(self, prefix: str) -> str:
        """Return the id of the item that comes next; of one kind there may be several."""
        same = sum(str(item["id"]).startswith(f"{prefix}_") for item in self.output)
        return f"{prefix}_{self._trace_id}" + (f"_{same}" if same else "")

    def added(self, item: Json) -> None:
        """Begin an item."""
        self.event("response.output_item.added", output_index=len(self.output), item=item)

    def done(self, item: Json) -> None:
        """End the item that is open."""
        self.event("response.output_item.done", output_index=len(self.output), item=item)
        self.output.append(item)


class Reasoning:
    """A reasoning item while it grows: parts of a summary."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._id = wire.item_id("rs")
        self._parts: list[Json] = []
        self._text: str | None = None
        """Of the part that is open."""
        wire.added(self._item("in_progress"))

    def add(self, text: str) -> None:
        """Add text to the open part, or to a new one."""
        if self._text is None:
            self._text = ""
            self._event("part.added", part={"type": "summary_text", "text": ""})
        self._text += text
        self._event("text.delta", delta=text)

    def end_part(self) -> None:
        """End the open part, if there is one."""
        if self._text is None:
            return
        part: Json = {"type": "summary_text", "text": self._text}
        self._event("text.done", text=self._text)
        self._event("part.done", part=part)
        self._parts.append(part)
        self._text = None

    def end(self, status: ItemStatus) -> None:
        """End the item."""
        self.end_part()
        self._wire.done(self._item(status))

    def _item(self, status: ItemStatus) -> Json:
        parts = list(self._parts)
        return {"id": self._id, "type": "reasoning", "summary": parts, "status": status}

    def _event(self, kind: str, **fields: object) -> None:
        place = {"item_id": self._id, "output_index": len(self._wire.output)}
        place["summary_index"] = len(self._parts)
        self._wire.event(f"response.reasoning_summary_{kind}", **place, **fields)


class Message:
    """A message item while it grows: one text."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._id = wire.item_id("msg")
        self._text = ""
        wire.added(self._item("in_progress", []))
        self._event("content_part.added", part=_output_text(""))

    def add(self, text: str) -> None:
        """Add text."""
        self._text += text
        self._event("output_text.delta", delta=text, logprobs=[])

    def end(self, status: ItemStatus) -> None:
        """End the item."""
        part = _output_text(self._text)
        self._event("output_text.done", text=self._text, logprobs=[])
        self._event("content_part.done", part=part)
        self._wire.done(self._item(status, [part]))

    def _item(self, status: ItemStatus, content: list[Json]) -> Json:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        }

    def _event(self, kind: str, **fields: object) -> None:
        place = {"item_id": self._id, "output_index": len(self._wire.output), "content_index": 0}
        self._wire.event(f"response.{kind}", **place, **fields)


def add_call(wire: Wire, *, call_id: str, name: str, arguments: str) -> None:
    """Add a whole function call. Its arguments are one delta: they are known only when they won."""
    item_id = wire.item_id("fc")
    item: Json = {
        "id": item_id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": "",
        "status": "in_progress",
    }
    place = {"item_id": item_id, "output_index": len(wire.output)}
    wire.added(item)
    wire.event("response.function_call_arguments.delta", **place, delta=arguments)
    wire.event("response.function_call_arguments.done", **place, arguments=arguments)
    wire.done(item | {"arguments": arguments, "status": "completed"})


def _output_text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
