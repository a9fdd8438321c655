"""What pages of other sites may do at `/v1`: nothing, but for the origins that the operator lists.

A browser says in `Origin` which site's page asks. A listed one gets the CORS headers that it needs to read
replies. Any other is refused where no key is asked for: a page could otherwise spend the machine's
time unseen, though it may read nothing. Where keys are asked for, a page has none, and is refused for
that. What is no browser sends no `Origin`. `/mcp` and `/ui` see to their own.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import TRACE_HEADER, Refusal

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
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...], keyed: bool) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._keyed = keyed
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
        origin = headers.get("origin")
        if origin in self._origins:
            await self._shared(scope, receive, send)
        elif origin is None or self._keyed or urlsplit(origin).netloc == headers.get("host"):
            await self._app(scope, receive, send)
        else:
            message = f"pages of {origin} may not ask here; FORETHOUGHT_CORS_ORIGINS lists who may"
            refusal = Refusal(status=403, message=message, code="origin_not_allowed")
            await JSONResponse(refusal.body(), status_code=403)(scope, receive, send)
