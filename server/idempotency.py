"""Requests that may be made again: an `Idempotency-Key` is answered once.

`IdempotentEngine` is an engine, so every face over HTTP has it without knowing. Under a key, a run that
has finished is told again from its trace; one that goes on is answered with 409; one that ended
without an answer, by a restart, a failure or a client who left, is gone on from: what it had found is
where the next begins, and what it had spent is counted. A key belongs to its API key and its path,
lives for 24 hours, and goes with one body only. Source: draft-ietf-httpapi-idempotency-key-header-07;
its statuses, 400, 409 and 422, are these.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from ..nodes.errors import StoreError
from ..storage.idempotency import Claim, Held
from .earlier import Traces, read_earlier
from .engine import Ask, Engine, Run
from .errors import Refusal, bad_request
from .told_again import ToldAgain
from .try_later import TryLater
from .visit import current_visit

log = logging.getLogger(__name__)
HEADER = "idempotency-key"
LONGEST = 255
REPLAYED = "idempotent-replayed"
"""A header of a reply that was told again: `true`."""
RESUMES = "x-forethought-resumes"
"""A header of a reply that goes on from a run: its trace id."""


class Claims(Traces, Protocol):
    """Keeps keys. Implementation: `storage.store.Store`."""

    async def claim_key(self, claim: Claim) -> Held:
        """Take a key, or say who has it.

        Raises:
            StoreError: the database cannot say.
        """
        ...

    async def bind_key(self, claim: Claim, trace_id: str) -> None:
        """Say which run a key that is ours has become."""
        ...

    async def release_key(self, claim: Claim) -> None:
        """Give back a key that is ours and became no run."""
        ...


class IdempotentEngine:
    """An engine that answers a request with a key once."""

    def __init__(self, inner: Engine, claims: Claims) -> None:
        self._inner = inner
        self._claims = claims

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._inner.model

    async def ready(self) -> list[str]:
        """Return what is not ready."""
        return await self._inner.ready()

    @asynccontextmanager
    async def start(self, ask: Ask) -> AsyncIterator[Run]:
        """Open a run, or the one that has answered the request already.

        Raises:
            Refusal: 400, the key is none; 422, it came with another body.
            TryLater: 409, the request is being answered.
            StoreError: the database cannot say.
        """
        claim = _claim()
        if claim is None:
            async with self._inner.start(ask) as run:
                yield run
            return
        held = await self._claims.claim_key(claim)
        if held.outcome == "answered" and held.trace_id is not None:
            current_visit().headers[REPLAYED] = "true"
            yield ToldAgain(await self._claims.read_trace(held.trace_id))
            return
        _check(held)
        async with self._ours(claim, held, ask) as run:
            yield run

    @asynccontextmanager
    async def _ours(self, claim: Claim, held: Held, ask: Ask) -> AsyncIterator[Run]:
        """Run it, from what an earlier try had found."""
        bound = False
        try:
            if held.trace_id is not None:
                earlier = await read_earlier(self._claims, held.trace_id)
                current_visit().headers[RESUMES] = held.trace_id
                ask = replace(ask, earlier=earlier)
            async with self._inner.start(ask) as run:
                await self._claims.bind_key(claim, run.trace_id)
                bound = True
                yield run
        finally:
            if not bound:
                await self._release(claim)

    async def _release(self, claim: Claim) -> None:
        try:
            await self._claims.release_key(claim)
        except StoreError as exc:  # the key is free again by itself in a while
            log.warning("an idempotency key was not given back: %s", exc)


def fingerprint(body: bytes) -> str:
    """Return the hash of a request's body, the same for the same JSON."""
    try:
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except ValueError:
        pass  # refused anyway, by whoever reads it
    return hashlib.sha256(body).hexdigest()


def _claim() -> Claim | None:
    """Return the key of the request that is being answered; None where it has none."""
    visit = current_visit()
    if visit.idempotency_key is None or visit.body_hash is None:
        return None
    key = visit.idempotency_key.strip()
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not key or len(key) > LONGEST:
        raise bad_request(
            f"the Idempotency-Key must have from 1 to {LONGEST} characters",
            code="invalid_idempotency_key",
        )
    scope = "\n".join((visit.key_id or "", visit.path, key))
    return Claim(id=hashlib.sha256(scope.encode()).hexdigest(), request_hash=visit.body_hash)


def _check(held: Held) -> None:
    """Refuse what is not ours to run."""
    if held.outcome == "reused":
        raise Refusal(
            status=422,
            message="this Idempotency-Key came with another body before; use a new key",
            code="idempotency_key_reused",
        )
    if held.outcome == "in_flight":
        raise TryLater(
            status=409,
            message="a request with this Idempotency-Key is being answered",
            code="idempotency_key_in_flight",
            retry_after_s=1,
            scarce="requests",
        )
