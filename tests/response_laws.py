"""The laws of a streamed response, checked on the bytes by the types of OpenAI's own client."""

import json
from collections import Counter
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
LAST = {"response.completed", "response.incomplete", "response.failed"}
ENDS = {
    "response.output_item.added": "response.output_item.done",
    "response.content_part.added": "response.content_part.done",
    "response.reasoning_summary_part.added": "response.reasoning_summary_part.done",
}
TEXTS = {
    "response.output_text": "text",
    "response.reasoning_summary_text": "text",
    "response.function_call_arguments": "arguments",
}


def read_events(text: str) -> list[Any]:
    """Return the events of a whole stream, of which every law holds."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    events = [_event(block) for block in blocks]
    kinds = [event.type for event in events]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] in LAST and not LAST.intersection(kinds[:-1])
    assert kinds[-1] == f"response.{events[-1].response.status}"
    assert {e.response.id for e in events if hasattr(e, "response")} == {events[0].response.id}
    _check_pairs(events)
    _check_texts(events)
    done = [e.item for e in events if e.type == "response.output_item.done"]
    assert done == events[-1].response.output
    return events


def strictly(response: object) -> Response:
    """Return the response, which is valid by the client's types and not merely taken by them."""
    return Response.model_validate(response)


def _event(block: str) -> Any:
    name, data = block.split("\n")
    value = json.loads(data.removeprefix("data: "))
    assert name == f"event: {value['type']}"
    event = EVENTS.validate_python(value)
    assert event.type == value["type"]
    return event


def _place(event: Any) -> tuple[Any, ...]:
    item = event.item.id if hasattr(event, "item") else event.item_id
    part = getattr(event, "content_index", getattr(event, "summary_index", None))
    return (event.output_index, item, part)


def _check_pairs(events: list[Any]) -> None:
    """What was added is done once, innermost first, and one item is open at a time."""
    opened: list[tuple[str, tuple[Any, ...]]] = []
    for event in events:
        if event.type in ENDS:
            opened.append((ENDS[event.type], _place(event)))
            assert len(opened) <= 2
        elif event.type in ENDS.values():
            assert opened.pop() == (event.type, _place(event))
        elif event.type in LAST:
            assert not opened
        elif hasattr(event, "output_index"):
            assert opened and opened[0][1][0] == event.output_index
    added = [e.output_index for e in events if e.type == "response.output_item.added"]
    assert added == list(range(len(added)))


def _check_texts(events: list[Any]) -> None:
    """Deltas add up to the text that is done."""
    counts = Counter(event.type for event in events)
    for stem, name in TEXTS.items():
        told: dict[Any, str] = {}
        for event in events:
            if event.type == f"{stem}.delta":
                assert event.delta
                told[_place(event)] = told.get(_place(event), "") + event.delta
            elif event.type == f"{stem}.done":
                assert getattr(event, name) == told.pop(_place(event), "")
        assert not told
        assert (
            counts[f"{stem}.done"]
            <= counts["response.output_item.done"] + counts["response.reasoning_summary_part.done"]
        )
