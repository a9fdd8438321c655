"""`POST /v1/traces/{id}/cancel`: ends a run that goes on.

One that goes on in another process, here or on another machine, is ended there (`cancelling.py`).
A caller sees the runs of its own key and no others: of anybody else's it is told that there is none.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from .documented import READ, errors
from .errors import TRACE_HEADER, Refusal
from .guard import Guard
from .visit import current_visit


class Cancelled(BaseModel):
    """The run that was ended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    object: Literal["trace"] = "trace"
    status: Literal["cancelled"] = "cancelled"


def traces_router(guard: Guard) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["traces"])

    @router.post("/v1/traces/{trace_id}/cancel", responses=errors((*READ, 409)))
    async def cancel(trace_id: str, response: Response) -> Cancelled:
        """End a run that goes on; what it had found stays in its trace."""
        attempt = await guard.cancel(trace_id, current_visit().key_id)
        if attempt.ended:
            response.headers[TRACE_HEADER] = trace_id
            return Cancelled(id=trace_id)
        if attempt.status is None:
            message = f"there is no trace {trace_id!r}"
            raise Refusal(status=404, message=message, code="trace_not_found")
        if attempt.status == "running":
            message = "the run goes on in another process, which has not ended it yet"
            raise Refusal(status=409, message=message, code="runs_elsewhere")
        message = f"the run is {attempt.status} already"
        raise Refusal(status=409, message=message, code="run_ended")

    return router
