"""`GET /healthz` (the process is up) and `GET /readyz` (it can answer)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .engine import Engine
from .upstreams import UpstreamState

Upstreams = Callable[[], Sequence[UpstreamState]]
"""Says how each model server stands of the roles that have several."""


def health_router(engine: Engine, upstreams: Upstreams | None = None) -> APIRouter:
    """Return the two routes."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        reasons = await engine.ready()
        states = [{"role": state.role, **asdict(state.replica)} for state in (upstreams or list)()]
        told = {"upstreams": states} if states else {}
        if reasons:
            refused = {"status": "not ready", "reasons": reasons}
            return JSONResponse(refused | told, status_code=503)
        return JSONResponse({"status": "ready"} | told)

    return router
