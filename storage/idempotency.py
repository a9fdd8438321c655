"""What becomes of a request that carries an idempotency key, decided in one transaction.

Invariant: of any number of equal requests, in any number of processes, one at a time has the key. It is
free again when its run ended without an answer, or when the process that ran it is gone
(`liveness.py`, `watch.py`). Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables
from .idempotency_tables import IdempotencyKey
from .liveness import is_dead, writer_id
from .rows import insert_new, table_of

KEPT = timedelta(hours=24)
BEGINS_WITHIN = timedelta(minutes=2)
"""A try that has no run after so long is taken to be gone, whichever host it was on."""
_KEY = table_of(IdempotencyKey)
_TRACE = table_of(tables.Trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A key, and the request it came with; both are hashes in hex."""

    id: str
    request_hash: str


Outcome = Literal["ours", "answered", "in_flight", "reused"]
"""`ours`: run it, and say `bind` or `release`. `answered`: a run has answered it already. `in_flight`:
one is about to. `reused`: the key came with another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of a claim."""

    outcome: Outcome
    trace_id: str | None = None
    """The run that has answered, or, of one that is ours, the run that it goes on from."""


async def claim_key(connection: AsyncConnection, claim: Claim, now: datetime) -> Held:
    """Take a key, or say who has it; the transaction has to be one that writes."""
    await connection.execute(delete(_KEY).where(_KEY.c.created_at < now - KEPT))
    fresh = {"request_hash": claim.request_hash, "created_at": now, "writer": writer_id()}
    row = {"id": claim.id, **fresh, "trace_id": None, "resumes": None}
    new = insert_new(connection, IdempotencyKey).values(row).returning(_KEY.c.id)
    if await connection.scalar(new) is not None:
        return Held(outcome="ours")
    query = select(_KEY).where(_KEY.c.id == claim.id).with_for_update()
    known = (await connection.execute(query)).mappings().one()
    if known["request_hash"] != claim.request_hash:
        return Held(outcome="reused")
    held = await _standing(connection, dict(known), now)
    if held.outcome == "ours":
        taken = {**fresh, "trace_id": None, "resumes": held.trace_id}
        await connection.execute(update(_KEY).where(_KEY.c.id == claim.id).values(taken))
    return held


async def bind_key(connection: AsyncConnection, claim: Claim, trace_id: str) -> None:
    """Say which run a key that is ours has become."""
    bound = update(_KEY).where(_KEY.c.id == claim.id).values(trace_id=trace_id)
    await connection.execute(bound)


async def release_key(connection: AsyncConnection, claim: Claim) -> None:
    """Give back a key that is ours and became no run; a run that it went on from stays known."""
    ours = (_KEY.c.id == claim.id) & (_KEY.c.writer == writer_id()) & _KEY.c.trace_id.is_(None)
    await connection.execute(delete(_KEY).where(ours, _KEY.c.resumes.is_(None)))
    back = update(_KEY).where(ours).values(trace_id=_KEY.c.resumes, resumes=None)
    await connection.execute(back)


async def _standing(connection: AsyncConnection, known: Mapping[str, Any], now: datetime) -> Held:
    """Return what the newest try is, by its run where there is one."""
    gone = is_dead(known["writer"])
    trace_id = known["trace_id"]
    query = select(_TRACE.c.status, _TRACE.c.texts).where(_TRACE.c.id == trace_id)
    run = (await connection.execute(query)).mappings().one_or_none() if trace_id else None
    match run and run["status"]:
        case None if gone or known["created_at"] < now - BEGINS_WITHIN:
            return Held(outcome="ours", trace_id=known["resumes"])
        case "finished" if run is not None and run["texts"] != "kept":
            return Held(outcome="ours")  # its answer is not there to be told again
        case "finished":
            return Held(outcome="answered", trace_id=trace_id)
        case "interrupted" | "failed" | "cancelled":
            return Held(outcome="ours", trace_id=trace_id)
        case "running" if gone:
            return Held(outcome="ours", trace_id=trace_id)
        case _:
            return Held(outcome="in_flight", trace_id=trace_id)
