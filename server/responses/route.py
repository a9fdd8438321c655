"""The routes of responses: made, read, cancelled, forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from ...storage.views import TraceDetail
from ..answering import Answering, Teller
from ..bounded import bounded
from ..documented import READ, RUN, TRACE, Responses, errors, event_stream, run_request
from ..engine import Engine
from ..errors import TRACE_HEADER, Refusal
from ..guard import Guard
from ..http_terms import HttpTerms
from ..models import check_served, effort_named
from ..visit import current_visit
from .ask import detail_of, to_ask, to_frame
from .body import ResponsesBody, read_body
from .documented import DeletedReply, InputItemsReply, ResponseEvent, ResponseReply
from .faces import UNSTORED
from .frame import Json
from .history import StoredResponses, before, find_response, not_found, untold
from .inputs import Order, items_of, page_of
from .stored import to_response, to_stream
from .telling import Telling

MOST_ITEMS = 100
"""Input items of one page."""


def responses_router(
    engine: Engine, traces: StoredResponses | None, guard: Guard, terms: HttpTerms
) -> APIRouter:
    """Return the routes; without a store no response can be read back, continued or forgotten."""
    router = APIRouter(tags=["responses"])

    made: Responses = {
        200: {
            "model": ResponseReply,
            "description": "The response; with `stream`, its events.",
            "content": event_stream(ResponseEvent),
            "headers": TRACE,
        },
        **errors(RUN),
    }

    @router.post("/v1/responses", responses=made, openapi_extra=run_request(ResponsesBody))
    async def create_response(request: Request) -> Response:
        """Answer as OpenAI's responses API does, whole or as a stream of events."""
        body = read_body(await bounded(request, terms.max_body_bytes))
        check_served(engine, body.model)
        said = await before(traces, body.previous_response_id)
        ask = to_ask(body, said, effort_named(engine, body.model) or terms.default_effort)
        frame, detail = to_frame(body, ask), detail_of(body)

        def tell(trace_id: str, thinks: bool) -> Teller:
            return Telling(frame, trace_id, thinks=thinks, detail=detail)

        return Answering(engine, ask, tell, keep_alive_s=terms.keep_alive_s)

    read = _documented(ResponseReply, 409)
    read[200] |= {"content": event_stream(ResponseEvent)}

    @router.get("/v1/responses/{response_id}", responses=read)
    async def read_response(
        response_id: str,
        stream: Annotated[bool, Query(description="Its events, told again.")] = False,
        starting_after: Annotated[
            int, Query(ge=-1, description="With `stream`: the number of the last event known.")
        ] = -1,
    ) -> Response:
        """Return a stored response."""
        found = await _told(traces, response_id)
        if not stream:
            return _reply(found, to_response(found))
        data = to_stream(found, after=starting_after)
        headers = {TRACE_HEADER: found.trace.id, "cache-control": "no-store"}
        return Response(data, media_type="text/event-stream", headers=headers)

    @router.delete("/v1/responses/{response_id}", responses=_documented(DeletedReply, 409))
    async def delete_response(response_id: str) -> Response:
        """Forget a response: it can be read and continued no more. Its trace is the operator's."""
        found = await _found(traces, response_id)
        if found.trace.status == "running":
            message = "the response is in progress; cancel it first"
            raise Refusal(status=409, message=message, code="response_in_progress")
        if traces is not None:
            await traces.change_face(found.trace.id, UNSTORED)
        return _reply(found, {"id": response_id, "object": "response", "deleted": True})

    @router.post("/v1/responses/{response_id}/cancel", responses=_documented(ResponseReply, 409))
    async def cancel_response(response_id: str) -> Response:
        """End a response that is in progress; what it had found stays."""
        found = await _found(traces, response_id)
        attempt = await guard.cancel(found.trace.id, current_visit().key_id)
        if not attempt.ended:
            goes_on = attempt.status == "running"
            message = (
                "it goes on elsewhere"
                if goes_on
                else f"it is {attempt.status or found.trace.status}"
            )
            code = "runs_elsewhere" if goes_on else "run_ended"
            raise Refusal(status=409, message=f"nothing to cancel: {message}", code=code)
        cancelled = replace(found, trace=replace(found.trace, status="cancelled"))
        return _reply(found, to_response(cancelled))

    @router.get("/v1/responses/{response_id}/input_items", responses=_documented(InputItemsReply))
    async def list_input_items(
        response_id: str,
        limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = 20,
        order: Order = "desc",
        after: Annotated[str | None, Query(description="The id of an item.")] = None,
    ) -> Response:
        """Return what a response was asked with, item by item."""
        found = await _told(traces, response_id)
        return _reply(found, page_of(items_of(found), limit=limit, order=order, after=after))

    return router


def _documented(reply: type[BaseModel], *others: int) -> Responses:
    """Return the documentation of a route that reads something stored."""
    told = {"model": reply, "description": "It was found.", "headers": TRACE}
    return {200: told, **errors((*READ, *others))}


async def _found(traces: StoredResponses | None, response_id: str) -> TraceDetail:
    found = await find_response(traces, response_id)
    if found is None:
        raise not_found(response_id)
    return found


async def _told(traces: StoredResponses | None, response_id: str) -> TraceDetail:
    """Return a response whose texts are kept."""
    found = await _found(traces, response_id)
    if found.trace.texts != "kept":
        message = untold(found, response_id)
        raise Refusal(status=404, message=message, code="texts_not_kept")
    return found


def _reply(found: TraceDetail, value: Json) -> Response:
    data = json.dumps(value, ensure_ascii=False)
    headers = {TRACE_HEADER: found.trace.id}
    return Response(data, media_type="application/json", headers=headers)
