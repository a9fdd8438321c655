"""What was said before a response: read from the trace of the one before it.

A trace keeps the whole conversation that its run was given, so the newest one holds the chain.
"""

from __future__ import annotations

from typing import Protocol

from pydantic import TypeAdapter

from ...nodes.values import Message
from ...storage.views import TraceDetail
from ..errors import Refusal, bad_request
from ..trace_views import StoredTraces, find_trace
from .faces import is_instructed, is_stored
from .frame import PREFIX
from .stored_calls import calls_of

TURNS = TypeAdapter(tuple[Message, ...])


class StoredResponses(StoredTraces, Protocol):
    """Reads stored runs, and lets one be a response no more. Implementation: `storage.store.Store`."""

    async def change_face(self, trace_id: str, face: str) -> None:
        """Say that the run with this whole id was asked by `face`, from now on."""
        ...


async def before(traces: StoredTraces | None, response_id: str | None) -> tuple[Message, ...]:
    """Return the conversation up to and with that response, its instructions left out.

    Raises:
        Refusal: 400; there is no such response, it has no answer, or its texts are not kept.
        StoreError: the database cannot be read.
    """
    if response_id is None:
        return ()
    detail = await find_response(traces, response_id)
    if detail is None:
        message = f"Previous response with id {response_id!r} not found."
        raise bad_request(message, "previous_response_id", "previous_response_not_found")
    trace = detail.trace
    if trace.texts != "kept":
        code = "previous_response_texts_not_kept"
        raise bad_request(untold(detail, response_id), "previous_response_id", code)
    if trace.status != "finished" or trace.answer_text is None:
        message = f"the previous response {response_id!r} is {trace.status} and has no answer"
        raise bad_request(message, "previous_response_id", "previous_response_unfinished")
    spoken = turns_of(detail)
    if is_instructed(trace.face):
        spoken = spoken[1:]
    answer = Message("assistant", trace.answer_text, tool_calls=calls_of(detail))
    return (*spoken, answer)


def turns_of(detail: TraceDetail) -> tuple[Message, ...]:
    """Return the conversation that a run was given."""
    return TURNS.validate_python(detail.trace.messages)


async def find_response(traces: StoredTraces | None, response_id: str) -> TraceDetail | None:
    """Return the trace of a response that was to be stored; None where there is none such."""
    if traces is None or not response_id.startswith(PREFIX):
        return None
    detail = await find_trace(traces, response_id.removeprefix(PREFIX))
    return detail if detail is not None and is_stored(detail.trace.face) else None


def untold(detail: TraceDetail, response_id: str) -> str:
    """Return why the texts of a response cannot be had."""
    why = "its key keeps none" if detail.trace.texts == "never" else "they were redacted"
    return f"the texts of response {response_id!r} are not kept: {why}"


def not_found(response_id: str) -> Refusal:
    """Return the refusal of an id that is no response's."""
    message = f"Response with id {response_id!r} not found."
    return Refusal(status=404, message=message, code="not_found")
