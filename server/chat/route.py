"""The route of chat completions: reads a bounded body, checks it, and hands over to `Answering`."""

from __future__ import annotations

from fastapi import APIRouter, Request

from ...nodes.budget import Effort
from ..bounded import bounded
from ..engine import Engine
from ..models import check_served, effort_named
from .answering import Answering
from .ask import to_ask
from .body import StreamOptions, read_body


def chat_router(
    engine: Engine, *, default_effort: Effort, keep_alive_s: float, max_body_bytes: int
) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Answering:
        body = read_body(await bounded(request, max_body_bytes))
        check_served(engine, body.model)
        return Answering(
            engine,
            to_ask(body, effort_named(engine, body.model) or default_effort),
            model=body.model,
            include_usage=(body.stream_options or StreamOptions()).include_usage,
            keep_alive_s=keep_alive_s,
        )

    return router
