"""`GET /v1/models`: the names a client may ask for.

Every name can be had with an effort behind it, `NAME-high`, for clients that cannot send one.
"""

from __future__ import annotations

import time

from fastapi import APIRouter

from ..nodes.budget import EFFORTS, Effort
from .engine import Engine
from .errors import Refusal

ALIAS = "forethought"
"""Stands for whatever model the engine runs."""


def served_names(engine: Engine) -> tuple[str, ...]:
    """Return the names a request may give as its model: the engine's own, the alias of any, and then
    both with each effort."""
    plain = dict.fromkeys((engine.model, ALIAS))
    return tuple(dict.fromkeys([*plain, *(f"{name}-{e}" for name in plain for e in EFFORTS)]))


def effort_named(engine: Engine, name: str) -> Effort | None:
    """Return the effort that a served name ends in; None for the plain ones."""
    plain = (engine.model, ALIAS)
    if name in plain:
        return None
    return next((e for e in EFFORTS if name in [f"{one}-{e}" for one in plain]), None)


def check_served(engine: Engine, name: str) -> None:
    """Refuse a model that is not served.

    Raises:
        Refusal: 404, OpenAI's `model_not_found`.
    """
    if name not in served_names(engine):
        served = ", ".join(dict.fromkeys((engine.model, ALIAS)))
        message = f"the model {name!r} is not served here; served: {served}, or with -EFFORT behind"
        raise Refusal(status=404, message=message, param="model", code="model_not_found")


def models_router(engine: Engine) -> APIRouter:
    """Return the two routes."""
    router = APIRouter()
    created = int(time.time())

    def card(name: str) -> dict[str, str | int]:
        return {"id": name, "object": "model", "created": created, "owned_by": "forethought"}

    @router.get("/v1/models")
    async def list_models() -> dict[str, object]:
        return {"object": "list", "data": [card(name) for name in served_names(engine)]}

    @router.get("/v1/models/{name:path}")
    async def retrieve_model(name: str) -> dict[str, str | int]:
        check_served(engine, name)
        return card(name)

    return router
