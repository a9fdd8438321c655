"""`POST /v1/traces/{id}/cancel`: ends a run that goes on.

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
        key_id = current_visit().key_id
        if guard.running.cancel(trace_id, key_id):
            return {"id": trace_id, "object": "trace", "status": "cancelled"}
        owner = None if guard.runs is None else await guard.runs.owner_of_run(trace_id)
        if owner is None or owner.key_id != key_id:
            message = f"there is no trace {trace_id!r}"
            raise Refusal(status=404, message=message, code="trace_not_found")
        if owner.status == "running":
            message = "the run goes on in another process; cancel it there"
            raise Refusal(status=409, message=message, code="runs_elsewhere")
        message = f"the run is {owner.status} already"
        raise Refusal(status=409, message=message, code="run_ended")

    return router
