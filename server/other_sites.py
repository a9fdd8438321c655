"""What pages of other sites may do at `/v1`: nothing, but for the origins that the operator lists.

A browser says in `Origin` which site's page asks. A listed one gets the CORS headers that it needs to read
replies. Any other is refused where no key is asked for: a page could otherwise spend the machine's
time unseen, though it may read nothing. Where keys are asked for, a page has none, and is refused for
that. What is no browser sends no `Origin`. Where no key is asked for and only this machine can reach the
server, it answers to known names alone, since a foreign site could give one of its own to this machine
(DNS rebinding) and would then be no other site. `/mcp` and `/ui` see to their own.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import TRACE_HEADER, Refusal
from .pages.door import is_known

PREFIX = "/v1/"
EXPOSED = (TRACE_HEADER, "Retry-After", "Idempotent-Replayed", "X-Forethought-Resumes")
"""Headers of replies that a page may read."""


def listed_origins(names: str) -> tuple[str, ...]:
    """Return the origins in a list with commas.

    Raises:
        ValueError: one is no origin. `*` is none: every page of the web is more than anybody means.
    """
    origins = tuple(name.strip().rstrip("/") for name in names.split(",") if name.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"{origin!r} is no origin, such as https://chat.example.com")
    return origins


class OtherSites:
    """ASGI middleware. With `names`, without keys, it answers to loopback, numbers and these names."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: tuple[str, ...],
        keyed: bool,
        names: tuple[str, ...] | None = None,
    ) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._keyed = keyed
        self._names = names
        self._shared = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, with CORS headers or without, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin, host = headers.get("origin"), headers.get("host", "")
        if not self._keyed and self._names is not None and not is_known(host, self._names):
            message = f"this server is not called {host}; FORETHOUGHT_MCP_HOSTS lists its names"
            await _refused(421, message, "host_not_known")(scope, receive, send)
        elif origin in self._origins:
            await self._shared(scope, receive, send)
        elif origin is None or self._keyed or urlsplit(origin).netloc == host:
            await self._app(scope, receive, send)
        else:
            message = f"pages of {origin} may not ask here; FORETHOUGHT_CORS_ORIGINS lists who may"
            await _refused(403, message, "origin_not_allowed")(scope, receive, send)


def _refused(status: int, message: str, code: str) -> JSONResponse:
    refusal = Refusal(status=status, message=message, code=code)
    return JSONResponse(refusal.body(), status_code=status)
