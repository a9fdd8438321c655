"""The route of `POST /v1/think`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..answering import Answering, Teller
from ..bounded import bounded
from ..documented import RUN, TRACE, Responses, errors, event_stream, run_request
from ..engine import Engine
from ..http_terms import HttpTerms
from ..models import check_served, effort_named
from .ask import to_ask
from .body import ThinkBody, read_body
from .events import ThinkEvent
from .reply import ThinkReply
from .telling import Telling


def think_router(engine: Engine, terms: HttpTerms) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["think"])
    replies: Responses = {
        200: {
            "model": ThinkReply,
            "description": "The thought; with `stream`, its events.",
            "content": event_stream(ThinkEvent),
            "headers": TRACE,
        },
        **errors(RUN),
    }

    @router.post("/v1/think", responses=replies, openapi_extra=run_request(ThinkBody))
    async def think(request: Request) -> Response:
        """Answer a question, and tell everything about how the answer was found."""
        body = read_body(await bounded(request, terms.max_body_bytes))
        check_served(engine, body.model)
        ask = to_ask(body, effort_named(engine, body.model) or terms.default_effort)

        def tell(trace_id: str, thinks: bool) -> Teller:
            return Telling(trace_id=trace_id, thinks=thinks, model=body.model, effort=ask.effort)

        return Answering(engine, ask, tell, keep_alive_s=terms.keep_alive_s)

    return router
