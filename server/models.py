"""`GET /v1/models`: the names a client may ask for.

Every name can be had with an effort behind it, `NAME-high`, for clients that cannot send one.
"""

from __future__ import annotations

import time
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ..nodes.budget import EFFORTS, Effort
from .documented import errors
from .engine import Engine
from .errors import Refusal

ALIAS = "forethought"
"""Stands for whatever model the engine runs."""


class ModelCard(BaseModel):
    """A name that is served, in the form of OpenAI's models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["forethought"] = "forethought"


class ModelList(BaseModel):
    """All of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: Literal["list"] = "list"
    data: list[ModelCard]


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
    router = APIRouter(tags=["models"])
    created = int(time.time())

    @router.get("/v1/models", responses=errors((401, 403, 500, 503)))
    async def list_models() -> ModelList:
        """Return the names that a request may give as its model."""
        names = served_names(engine)
        return ModelList(data=[ModelCard(id=name, created=created) for name in names])

    @router.get("/v1/models/{name:path}", responses=errors((401, 403, 404, 500, 503)))
    async def retrieve_model(name: str) -> ModelCard:
        """Return one of them."""
        check_served(engine, name)
        return ModelCard(id=name, created=created)

    return router
