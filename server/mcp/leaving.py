"""Stops the calls of an HTTP client that has gone away.

A client of the 2026-07-28 protocol cancels by closing its response stream, which the SDK sees to.
Under the older protocols closing it cancels nothing (2025-11-25, basic/transports: the client may
come back for the rest). Ours cannot: nothing is kept for it, so nobody would read the answer, and
the thinking would be wasted. So here, too, a stream that is closed before its answer ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import anyio
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "forethought.leaving"


class Leaving:
    """What is to be cancelled when the client of one request goes away."""

    def __init__(self) -> None:
        self._scopes: set[anyio.CancelScope] = set()
        self._left = False

    @contextmanager
    def cancelling(self) -> Iterator[None]:
        """Cancel the block, and go on after it, when the client leaves."""
        with anyio.CancelScope() as scope:
            if self._left:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    def leave(self) -> None:
        """The client has gone, or has its answer."""
        self._left = True
        for scope in self._scopes:
            scope.cancel()


def leaving_of(request: HTTPConnection | None) -> Leaving:
    """Return that of the HTTP request; over stdio there is none, and nobody leaves before the end."""
    found = None if request is None else request.scope.get(KEY)
    return Leaving() if found is None else cast(Leaving, found)


class NoticesLeaving:
    """Wraps the SDK's application: a request has ended when it has been answered, or left."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        leaving = Leaving()
        try:
            await self._app({**scope, KEY: leaving}, receive, send)
        finally:
            leaving.leave()
