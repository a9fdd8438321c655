"""`GET /v1/traces` and `GET /v1/traces/{id}`: stored runs as JSON.

Where keys are on, a key sees the runs that were asked with it, and no others: they are as unknown to
it as if they were not there. Where keys are off, every run is seen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol, TypeVar

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from ..storage.keys import RunOwner
from ..storage.recorder import Status
from ..storage.trace_filter import EVERY, TraceFilter
from ..storage.views import TraceDetail, TraceSummary
from .documented import READ, errors
from .errors import TRACE_HEADER, Refusal, bad_request
from .trace_query import TraceQuery
from .visit import current_visit

WHOLE = TypeAdapter(TraceDetail)


class StoredTraces(Protocol):
    """Reads stored runs. Implementation: `storage.store.Store`."""

    async def drain(self) -> None:
        """Return when everything recorded so far can be read."""
        ...

    async def read_trace(self, trace_id: str) -> TraceDetail:
        """Return the trace whose id is or begins with `trace_id`; there must be one such.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        ...

    async def list_traces(
        self,
        limit: int = 20,
        status: Status | None = None,
        *,
        wanted: TraceFilter = EVERY,
        after: str | None = None,
    ) -> list[TraceSummary]:
        """Return up to `limit` of the wanted traces, newest first; `after` is the id of the last one
        of the page before."""
        ...

    async def owner_of_run(self, trace_id: str) -> RunOwner | None:
        """Return whose the run with this whole id is; None where there is no such run."""
        ...


T = TypeVar("T", bound=StoredTraces)


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """Some traces, in the form of OpenAI's lists."""

    object: Literal["list"] = "list"
    data: tuple[TraceSummary, ...]
    """Newest first."""
    first_id: str | None
    last_id: str | None
    """What to give as `after` for the next page; None on an empty page."""
    has_more: bool
    """There are older ones."""


async def find_trace(traces: StoredTraces, trace_id: str) -> TraceDetail | None:
    """Return the trace with this whole id, None where there is none that the caller may see.

    It is found as soon as its run is open, though its rows may still be on their way.

    Raises:
        StoreError: the database cannot be read.
    """
    if not is_id(trace_id):
        return None
    await traces.drain()
    owner = await traces.owner_of_run(trace_id)
    if owner is None or not _may_see(owner):
        return None
    return await traces.read_trace(trace_id)


async def find_owned(traces: T | None, trace_id: str) -> T:
    """Return the store where it has the trace with this whole id and the caller may see it.

    Raises:
        Refusal: 404; it has not, or there is no store.
        StoreError: the database cannot be read.
    """
    if traces is not None and is_id(trace_id):
        await traces.drain()
        owner = await traces.owner_of_run(trace_id)
        if owner is not None and _may_see(owner):
            return traces
    raise _unknown(f"no such trace: {trace_id!r}")


def is_id(text: str) -> bool:
    """Say whether `text` is a whole id as runs have them; a beginning of one is not."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def trace_views_router(traces: StoredTraces | None) -> APIRouter:
    """Return the two routes. Without a store there are no traces to see, and each is a 404."""
    router = APIRouter(tags=["traces"])

    @router.get("/v1/traces", responses=errors(READ), response_model=TracePage)
    async def list_traces(query: Annotated[TraceQuery, Query()]) -> TracePage:
        """Return stored runs, newest first."""
        if traces is None:
            raise _unknown("traces are not kept here")
        if query.after is not None and not is_id(query.after):
            raise bad_request(f"after must be the id of a trace, not {query.after!r}", "after")
        await traces.drain()
        wanted = replace(query.wanted(), key_id=current_visit().key_id)
        found = await traces.list_traces(query.limit + 1, wanted=wanted, after=query.after)
        data = tuple(found[: query.limit])
        return TracePage(
            data=data,
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
            has_more=len(found) > query.limit,
        )

    @router.get("/v1/traces/{trace_id}", responses=errors(READ), response_model=TraceDetail)
    async def read_trace(trace_id: str) -> Response:
        """Return one run whole: steps, candidates, verdicts, votes, calls, usage, nodes."""
        detail = None if traces is None else await find_trace(traces, trace_id)
        if detail is None:
            raise _unknown(f"no such trace: {trace_id!r}")
        return Response(
            WHOLE.dump_json(detail, warnings=False),  # a turn may hold calls beside its texts
            media_type="application/json",
            headers={TRACE_HEADER: trace_id},
        )

    return router


def _may_see(owner: RunOwner) -> bool:
    key_id = current_visit().key_id
    return key_id is None or key_id == owner.key_id


def _unknown(message: str) -> Refusal:
    return Refusal(status=404, message=message, code="trace_not_found")
