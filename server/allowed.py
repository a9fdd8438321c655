"""Which methods a path takes, for the `Allow` header of a 405.

Starlette names those of the first route with that path alone; a path may have several.
"""

from __future__ import annotations

from fastapi import Request
from starlette.routing import Match

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """Return them, as the header has them."""
    taken = []
    for method in METHODS:
        scope = {**request.scope, "method": method}
        matches = (route.matches(scope)[0] for route in request.app.routes)
        if any(match == Match.FULL for match in matches):
            taken.append(method)
    return ", ".join(taken)
