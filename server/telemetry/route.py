"""`GET /metrics` for Prometheus, and the count of HTTP requests in it.

Whoever may ask the server may read it: anybody where keys are off, any key where keys are wanted
(`keys.py`). It tells numbers of all callers together and nothing of one.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics

ELSEWHERE = "other"
"""The route of a path that there is not."""


def metrics_router(metrics: Metrics) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def read_metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.shown), headers={"content-type": content_type})

    return router


class Counting:
    """ASGI middleware: counts every HTTP request that gets an answer, refused ones too."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", ELSEWHERE)
                status = str(message["status"])
                self._metrics.requests.labels(_method(scope), route, status).inc()
            await send(message)

        await self._app(scope, receive, count)


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in ("GET", "POST", "DELETE", "OPTIONS", "HEAD") else ELSEWHERE
