"""`GET /v1/responses/{id}/input_items`: the conversation that a response was asked with, as items.

All of it, with the responses before it and without the instructions, each item under an id of its own:
that of the response and the item's place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ...nodes.values import Message
from ...storage.views import TraceDetail
from ..errors import Refusal
from .faces import is_instructed
from .frame import Json
from .history import turns_of

Order = Literal["asc", "desc"]


def items_of(detail: TraceDetail) -> list[Json]:
    """Return the items, oldest first."""
    turns = turns_of(detail)[is_instructed(detail.trace.face) :]
    items = [item for turn in turns for item in _items(turn)]
    return [
        {"id": f"{_PREFIX[str(item['type'])]}_{detail.trace.id}_in_{number}"} | item
        for number, item in enumerate(items)
    ]


def page_of(items: list[Json], *, limit: int, order: Order, after: str | None) -> Json:
    """Return a page of them, in the form of OpenAI's lists.

    Raises:
        Refusal: 404; `after` is the id of none of them.
    """
    listed = items if order == "asc" else items[::-1]
    if after is not None:
        place = next((n for n, item in enumerate(listed) if item["id"] == after), None)
        if place is None:
            message = f"after is no item of this response: {after!r}"
            raise Refusal(status=404, message=message, param="after", code="not_found")
        listed = listed[place + 1 :]
    data = listed[:limit]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": len(listed) > limit,
    }


_PREFIX = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}


def _items(turn: Message) -> Iterator[Json]:
    if turn.role == "tool":
        yield {
            "type": "function_call_output",
            "call_id": turn.tool_call_id,
            "output": turn.content,
            "status": "completed",
        }
        return
    if turn.role == "assistant":
        if turn.content:
            part: Json = {"type": "output_text", "text": turn.content, "annotations": []}
            yield _message(turn, part | {"logprobs": []})
    else:
        yield _message(turn, {"type": "input_text", "text": turn.content})
    for call in turn.tool_calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "status": "completed",
        }


def _message(turn: Message, part: Json) -> Json:
    return {"type": "message", "role": turn.role, "status": "completed", "content": [part]}
