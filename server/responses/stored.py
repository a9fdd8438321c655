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
    if trace.status == "running":
        return _frame(detail).response(trace.id, "in_progress", [])
    telling = _telling(detail)
    for event in events_of(detail):
        telling.feed(event)
    if trace.status == "finished":
        return telling.ended(answer_of(detail), completed_at=_ended_at(detail))
    response = telling.failed(_why(detail))
    return response | {"status": "cancelled"} if trace.status == "cancelled" else response


def to_stream(detail: TraceDetail, *, after: int) -> bytes:
    """Return the events of a response that has ended, past the one numbered `after`; -1 is all.

    Raises:
        Refusal: 409; it is in progress.
    """
    if detail.trace.status == "running":
        message = "the response is in progress; only its first reader gets its events as they come"
        raise Refusal(status=409, message=message, code="response_in_progress")
    telling = _telling(detail, after=after)
    told = [telling.begin(), *map(telling.feed, events_of(detail))]
    if detail.trace.status == "finished":
        told.append(telling.end(answer_of(detail), completed_at=_ended_at(detail)))
    else:
        told.append(telling.fail(_why(detail)))
    return b"".join(told)


def _telling(detail: TraceDetail, *, after: int = -1) -> Telling:
    trace = detail.trace
    return Telling(
        _frame(detail),
        trace.id,
        thinks=trace.strategy != "direct",
        detail=kept_of(trace).summary or "auto",
        after=after,
    )


def _frame(detail: TraceDetail) -> Frame:
    trace, kept = detail.trace, kept_of(detail.trace)
    return Frame(
        model=kept.model or trace.model,
        effort=cast(Effort, trace.effort),
        kept=kept,
        instructions=turns_of(detail)[0].content if is_instructed(trace.face) else None,
        created_at=kept.created_at or int(trace.created_at.timestamp()),
    )


def _ended_at(detail: TraceDetail) -> int | None:
    ended = detail.trace.finished_at
    return None if ended is None else int(ended.timestamp())


def _why(detail: TraceDetail) -> Refusal:
    trace = detail.trace
    message = trace.error or WHY[trace.status]
    return Refusal(status=500, message=message, code=f"run_{trace.status}")
