"""A response as its trace keeps it, for `GET /v1/responses/{id}`.

It is what the first reply was, but that the summary tells the same in fewer parts, since the rounds of a
search are not stored one by one.
"""

from __future__ import annotations

from typing import cast

from ...nodes.budget import Effort
from ...storage.recorder import Status as TraceStatus
from ...storage.views import TraceDetail
from ..errors import Refusal
from .faces import is_instructed
from .frame import Frame, Json
from .history import turns_of
from .kept import kept_of
from .retold import answer_of, events_of
from .telling import Telling

WHY: dict[TraceStatus, str] = {
    "failed": "the run failed",
    "cancelled": "the run was cancelled before it had an answer",
    "interrupted": "the server stopped before the run had an answer",
}


def to_response(detail: TraceDetail) -> Json:
    """Return the response."""
    trace = detail.trace
    thinks = trace.strategy != "direct"
    kept = kept_of(trace)
    frame = Frame(
        model=kept.model or trace.model,
        effort=cast(Effort, trace.effort),
        kept=kept,
        instructions=turns_of(detail)[0].content if is_instructed(trace.face) else None,
        created_at=kept.created_at or int(trace.created_at.timestamp()),
    )
    telling = Telling(frame, trace.id, thinks=thinks, detail=kept.summary or "auto")
    if trace.status == "running":
        return frame.response(trace.id, "in_progress", [])
    for event in events_of(detail):
        telling.feed(event)
    if trace.status == "finished":
        ended = int(trace.finished_at.timestamp()) if trace.finished_at else None
        return telling.ended(answer_of(detail), completed_at=ended)
    message = trace.error or WHY[trace.status]
    refusal = Refusal(status=500, message=message, code=f"run_{trace.status}")
    response = telling.failed(refusal)
    return response | {"status": "cancelled"} if trace.status == "cancelled" else response
