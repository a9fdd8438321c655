"""`POST /v1/traces/{id}/cancel`: ends a run that goes on.

One that goes on in another process, here or on another machine, is ended there (`cancelling.py`).
A caller sees the runs of its own key and no others: of anybody else's it is told that there is none.
"""

from __future__ import annotations

from fastapi import APIRouter

from .errors import Refusal
from .guard import Guard
from .visit import current_visit


def traces_router(guard: Guard) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post("/v1/traces/{trace_id}/cancel")
    async def cancel(trace_id: str) -> dict[str, str]:
        attempt = await guard.cancel(trace_id, current_visit().key_id)
        if attempt.ended:
            return {"id": trace_id, "object": "trace", "status": "cancelled"}
        if attempt.status is None:
            message = f"there is no trace {trace_id!r}"
            raise Refusal(status=404, message=message, code="trace_not_found")
        if attempt.status == "running":
            message = "the run goes on in another process, which has not ended it yet"
            raise Refusal(status=409, message=message, code="runs_elsewhere")
        message = f"the run is {attempt.status} already"
        raise Refusal(status=409, message=message, code="run_ended")

    return router
