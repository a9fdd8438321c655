"""The routes of responses: `POST /v1/responses` and `GET /v1/responses/{id}`."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..answering import Answering, Teller
from ..bounded import bounded
from ..engine import Engine
from ..errors import TRACE_HEADER, bad_request
from ..http_terms import HttpTerms
from ..models import check_served, effort_named
from ..think.documented import ERRORS, json_request
from ..trace_views import StoredTraces
from .ask import detail_of, to_ask, to_frame
from .body import ResponsesBody, read_body
from .frame import PREFIX
from .history import before, find_response, not_found
from .stored import to_response
from .telling import Telling


def responses_router(engine: Engine, traces: StoredTraces | None, terms: HttpTerms) -> APIRouter:
    """Return the two routes; without a store no response can be read back or continued."""
    router = APIRouter(tags=["responses"])

    @router.post("/v1/responses", responses=ERRORS, openapi_extra=json_request(ResponsesBody))
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

    @router.get("/v1/responses/{response_id}", responses=ERRORS)
    async def read_response(response_id: str, stream: bool = False) -> Response:
        """Return a stored response."""
        if stream:
            raise bad_request("a stored response is not streamed again", "stream", "unsupported")
        found = await find_response(traces, response_id)
        if found is None:
            raise not_found(response_id)
        data = json.dumps(to_response(found), ensure_ascii=False)
        headers = {TRACE_HEADER: response_id.removeprefix(PREFIX)}
        return Response(data, media_type="application/json", headers=headers)

    return router
