"""The route of chat completions: reads a bounded body, checks it, and hands over to `Answering`."""

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
from .body import ChatBody, StreamOptions, read_body
from .documented import ChatEvent, ChatReply
from .telling import Telling


def chat_router(engine: Engine, terms: HttpTerms) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["chat"])
    replies: Responses = {
        200: {
            "model": ChatReply,
            "description": "The completion; with `stream`, its chunks.",
            "content": event_stream(ChatEvent, last="[DONE]"),
            "headers": TRACE,
        },
        **errors(RUN),
    }

    @router.post("/v1/chat/completions", responses=replies, openapi_extra=run_request(ChatBody))
    async def chat_completions(request: Request) -> Response:
        """Answer as OpenAI's chat completions do, whole or as a stream of chunks."""
        body = read_body(await bounded(request, terms.max_body_bytes))
        check_served(engine, body.model)
        ask = to_ask(body, effort_named(engine, body.model) or terms.default_effort)
        include_usage = (body.stream_options or StreamOptions()).include_usage

        def tell(trace_id: str, thinks: bool) -> Teller:
            return Telling(
                ask, trace_id, thinks=thinks, model=body.model, include_usage=include_usage
            )

        return Answering(engine, ask, tell, keep_alive_s=terms.keep_alive_s)

    return router
