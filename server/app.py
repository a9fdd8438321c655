"""The HTTP application: routes over one engine, and every error in OpenAI's form.

It starts and stops nothing itself; whoever builds the engine passes a `lifespan`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..nodes.budget import Effort
from .chat.route import chat_router
from .engine import Engine
from .errors import Refusal, refusal_of
from .health import health_router
from .models import models_router

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
MAX_BODY_BYTES = 4 * 1024 * 1024


def create_app(
    engine: Engine,
    *,
    lifespan: Lifespan | None = None,
    default_effort: Effort = "medium",
    keep_alive_s: float = 10.0,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """Return the application.

    Args:
        engine: Answers.
        lifespan: Entered while the application runs.
        default_effort: Of requests that name none.
        keep_alive_s: Seconds of silence after which a stream gets a comment line.
        max_body_bytes: Larger bodies are refused with 413.
    """
    app = FastAPI(title="Forethought", lifespan=lifespan)
    app.include_router(health_router(engine))
    app.include_router(models_router(engine))
    app.include_router(
        chat_router(
            engine,
            default_effort=default_effort,
            keep_alive_s=keep_alive_s,
            max_body_bytes=max_body_bytes,
        )
    )
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.add_exception_handler(Exception, _refuse)
    return app


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    refusal = refusal_of(error)
    return JSONResponse(refusal.body(), status_code=refusal.status)


async def _refuse_route(request: Request, error: Exception) -> JSONResponse:
    """Answer for unknown paths and wrong methods, which Starlette raises itself."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    where = f"{request.method} {request.url.path}"
    messages = {404: f"no such path: {where}", 405: f"method not allowed: {where}"}
    codes = {404: "not_found", 405: "method_not_allowed"}
    refusal = Refusal(
        status=status, message=messages.get(status, f"refused: {where}"), code=codes.get(status)
    )
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse(refusal.body(), status_code=status, headers=headers)
