"""The HTTP application: routes over one engine, and every error in OpenAI's form.

It starts and stops nothing itself; whoever builds the engine passes a `lifespan`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from .allowed import allowed_methods
from .chat.route import chat_router
from .documented import Documented
from .engine import Engine
from .errors import Refusal, bad_request, refusal_of
from .guard import Guard, GuardedEngine, open_guard
from .health import Upstreams, health_router
from .http_terms import HttpTerms
from .idempotency import Claims, IdempotentEngine
from .keys import Door
from .mcp.access import Access
from .mcp.mount import mount_mcp
from .models import models_router
from .other_sites import OtherSites
from .pages.base import PageStore
from .pages.routes import pages_router
from .responses.history import StoredResponses
from .responses.route import responses_router
from .telemetry.metrics import Metrics
from .telemetry.route import Counting, metrics_router
from .think.route import think_router
from .trace_grades import GradedTraces, trace_grades_router
from .trace_views import trace_views_router
from .traces_routes import traces_router

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class StoredRuns(StoredResponses, GradedTraces, Protocol):
    """All that the faces ask of a store. Implementation: `storage.store.Store`."""


def create_app(
    engine: Engine,
    *,
    guard: Guard | None = None,
    lifespan: Lifespan | None = None,
    terms: HttpTerms | None = None,
    traces: StoredRuns | None = None,
    mcp_access: Access | None = None,
    upstreams: Upstreams | None = None,
    pages: PageStore | None = None,
    metrics: Metrics | None = None,
    claims: Claims | None = None,
    mcp_sessions: bool = True,
    origins: tuple[str, ...] = (),
    names: tuple[str, ...] | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        engine: Answers; every face gets it behind the guard.
        guard: Who may ask how much; by default anybody, 64 runs at once.
        lifespan: Entered while the application runs.
        terms: The effort, the keep-alive and the largest body of every face.
        traces: Where the engine stores its runs; None leaves out the MCP tool that reads them, and
            no run can be read back or continued.
        mcp_access: Whose requests `/mcp` takes besides those of this machine.
        upstreams: How the model servers stand, for `/readyz`.
        pages: What the pages for people at `/ui` show; None leaves them out.
        metrics: What `/metrics` tells; None leaves it out.
        claims: Where idempotency keys are kept; None does not look at them.
        mcp_sessions: Whether every request of an MCP client comes to this process.
        origins: Of other sites' pages that may call `/v1`.
        names: That `/v1` answers to besides loopback where no keys are; None is any.
    """
    guard, terms = guard or open_guard(), terms or HttpTerms()
    if claims is not None:
        engine = IdempotentEngine(engine, claims)
    engine = GuardedEngine(engine, guard)
    app = Documented(title="Forethought", lifespan=lifespan)
    # `Door` asks for the key; this only says so in the OpenAPI document.
    keyed = [] if guard.keys is None else [Depends(HTTPBearer(scheme_name="key", auto_error=False))]
    app.add_middleware(Door, keys=guard.keys, pages=pages is not None)
    app.add_middleware(OtherSites, origins=origins, keyed=guard.keys is not None, names=names)
    if metrics is not None:
        app.add_middleware(Counting, metrics=metrics)
        app.include_router(metrics_router(metrics))
    app.include_router(health_router(engine, upstreams))
    app.include_router(models_router(engine), dependencies=keyed)
    app.include_router(traces_router(guard), dependencies=keyed)
    app.include_router(chat_router(engine, terms), dependencies=keyed)
    app.include_router(responses_router(engine, traces, guard, terms), dependencies=keyed)
    app.include_router(think_router(engine, terms), dependencies=keyed)
    app.include_router(trace_views_router(traces), dependencies=keyed)
    app.include_router(trace_grades_router(traces), dependencies=keyed)
    if pages is not None:
        hosts = () if mcp_access is None else mcp_access.hosts
        app.include_router(pages_router(pages, guard.keys, hosts))
    mount_mcp(
        app,
        engine,
        traces=traces,
        access=mcp_access,
        sessions=mcp_sessions,
        default_effort=terms.default_effort,
        max_body_bytes=terms.max_body_bytes,
    )
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.add_exception_handler(RequestValidationError, _refuse_value)
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
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 405:
        headers["Allow"] = allowed_methods(request)
    return JSONResponse(refusal.body(), status_code=status, headers=headers)


async def _refuse_value(request: Request, error: Exception) -> JSONResponse:
    """Answer for a part of a path or of a query that FastAPI has read itself."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    name = ".".join(str(part) for part in first.get("loc", ())[1:])
    refusal = bad_request(f"{name}: {first.get('msg')}", name, "invalid_value")
    return JSONResponse(refusal.body(), status_code=refusal.status)
