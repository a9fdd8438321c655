"""`/mcp`: the MCP server over streamable HTTP, in the same application as the other faces.

Clients of the protocols with a handshake (to 2025-11-25) get sessions: they cancel by a message of its
own, which finds its call only by the session. So with several replicas they must come back to the one
that they began at (by `Mcp-Session-Id`). Clients of 2026-07-28 need none, and may go to any. Processes
that share a port cannot tell their clients apart: there, sessions are off, and a client of the older
protocols cancels by closing its request.
There is no stream for messages that nobody asked for, since none are ever sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...nodes.budget import Effort
from ..engine import Engine
from ..trace_views import StoredTraces
from .access import Access
from .leaving import NoticesLeaving
from .tools import PULSE_S, build_server

PATH = "/mcp"
MAX_SESSIONS = 1_000
"""Open at one time; each has a task and its streams. One that is silent for half an hour is closed."""
EXPOSED = ("Mcp-Session-Id", "Mcp-Protocol-Version", "WWW-Authenticate")


def mount_mcp(
    app: FastAPI,
    engine: Engine,
    *,
    traces: StoredTraces | None = None,
    access: Access | None = None,
    default_effort: Effort = "medium",
    max_body_bytes: int = 4 * 1024 * 1024,
    pulse_s: float = PULSE_S,
    sessions: bool = True,
) -> None:
    """Serve MCP at `/mcp` of `app`, for as long as its lifespan lasts.

    Args:
        app: The application; its own lifespan is entered before and left after.
        engine: Answers.
        traces: Where its runs are stored; None leaves the tool `read_trace` out.
        access: Hosts and origins besides loopback.
        default_effort: Of calls that name none.
        max_body_bytes: Larger bodies are refused with 413.
        pulse_s: Seconds of silence after which a call tells that it goes on.
        sessions: Whether every request of a client comes to this process.
    """
    access = access or Access()
    server = build_server(engine, traces=traces, default_effort=default_effort, pulse_s=pulse_s)
    endpoint = Endpoint(server, access, max_body_bytes, sessions=sessions)
    served: ASGIApp = endpoint
    if access.origins:  # a page elsewhere asks first whether it may
        served = CORSMiddleware(
            endpoint,
            allow_origins=access.origins,
            allow_methods=("POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )
    for path in (PATH, f"{PATH}/"):  # a redirect would name the wrong scheme behind a proxy
        app.router.routes.append(Route(path, endpoint=served, include_in_schema=False))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:  # whatever the outer one yields
        async with outer(app) as state, endpoint.running():
            yield state

    app.router.lifespan_context = lifespan


class Endpoint:
    """The application at one path; serves while it is `running`."""

    def __init__(
        self, server: Server[Any], access: Access, max_body_bytes: int, *, sessions: bool
    ) -> None:
        self._server = server
        self._security = access.security()
        self._max_body_bytes = max_body_bytes
        self._sessions = sessions
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve inside the block; at its end every session is closed and its calls are cancelled."""
        manager = StreamableHTTPSessionManager(  # a new one each time: it runs only once
            self._server,
            security_settings=self._security,
            max_request_body_size=self._max_body_bytes,
            max_sessions=MAX_SESSIONS,
            stateless=not self._sessions,
        )
        async with manager.run():
            self._app = NoticesLeaving(manager.handle_request)
            try:
                yield
            finally:
                self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        reply: ASGIApp | None = self._app
        if scope["method"] not in ("POST", "DELETE"):
            reply = Response(status_code=405, headers={"Allow": "POST, DELETE"})
        elif reply is None:
            reply = Response("not running", status_code=503)
        await reply(scope, receive, send)
