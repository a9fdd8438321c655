"""`GET /healthz` (the process is up) and `GET /readyz` (it can answer)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, JsonValue

from .documented import Responses, errors
from .engine import Engine
from .upstreams import UpstreamState

Upstreams = Callable[[], Sequence[UpstreamState]]
"""Says how each model server stands of the roles that have several."""


class Alive(BaseModel):
    """The process is up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["ok"] = "ok"


Upstream = dict[str, JsonValue]
"""How a model server stands, of a role that has several (docs/upstreams.md)."""


class Ready(BaseModel):
    """The server can answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["ready"]
    upstreams: list[Upstream] = []


class NotReady(BaseModel):
    """It cannot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["not ready"]
    reasons: list[str]
    """One sentence each."""
    upstreams: list[Upstream] = []


def health_router(engine: Engine, upstreams: Upstreams | None = None) -> APIRouter:
    """Return the two routes."""
    router = APIRouter(tags=["health"])
    unready = {"model": NotReady, "description": "It cannot answer now."}
    ready: Responses = {200: {"model": Ready}, 503: unready, **errors((500,))}

    @router.get("/healthz")
    async def healthz() -> Alive:
        """Say that the process is up."""
        return Alive()

    @router.get("/readyz", responses=ready)
    async def readyz() -> JSONResponse:
        """Say whether the server can answer."""
        reasons = await engine.ready()
        states = [{"role": state.role, **asdict(state.replica)} for state in (upstreams or list)()]
        told = {"upstreams": states} if states else {}
        if reasons:
            refused = {"status": "not ready", "reasons": reasons}
            return JSONResponse(refused | told, status_code=503)
        return JSONResponse({"status": "ready"} | told)

    return router
