"""What stands between the faces and the engine: bounds, limits, the line, the running runs.

`GuardedEngine` is an engine, so every face, HTTP or MCP, is held to the same rules without knowing
them. The order: what can never be answered is refused, then the key's limits, then the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from ..nodes.errors import BudgetSpent
from .admission import Admission, Line
from .cancelling import Attempt, RunStore, cancel_elsewhere
from .engine import Ask, Engine, Run
from .errors import bad_request
from .keys import Keys, KeyStore, wants_keys
from .limits import Ledger, Limits
from .running import Running
from .settings import Settings
from .try_later import TryLater
from .visit import RUN, current_visit

OVERTIME_S = 3.0
"""What a run may take past its deadline for its vote and its answer."""


class GuardStore(KeyStore, Ledger, RunStore, Protocol):
    """All that the guard asks a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that one request may ask."""

    max_messages: int = 1000
    max_characters: int = 1_000_000
    """Of all messages together."""
    max_n: int = 16
    """Different answers to one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The rules of one server, and how they stand."""

    admission: Admission
    running: Running
    bounds: Bounds = Bounds()
    keys: Keys | None = None
    """None lets everybody in."""
    limits: Limits | None = None
    """Of the keys; None without keys."""
    runs: RunStore | None = None
    """Where ended runs are looked up; None where nobody asks for them."""

    async def cancel(self, trace_id: str, key_id: str | None) -> Attempt:
        """End a run of this key, wherever it goes on."""
        if self.running.cancel(trace_id, key_id):
            return Attempt(ended=True, status="cancelled")
        owner = None if self.runs is None else await self.runs.owner_of_run(trace_id)
        if self.runs is None or owner is None or owner.key_id != key_id:
            return Attempt(ended=False, status=None)
        if owner.status != "running":
            return Attempt(ended=False, status=owner.status)
        after = await cancel_elsewhere(self.runs, trace_id) or owner
        return Attempt(ended=after.status == "cancelled", status=after.status)

    async def wind_down(self, grace_s: float, at_once: asyncio.Event) -> None:
        """Start nothing any more, and return when nothing runs.

        What runs is told to end within `grace_s` with its best so far. What still goes on
        `OVERTIME_S` later, or when `at_once` is set, is cancelled.
        """
        self.admission.close()
        self.running.hurry(grace_s)
        ended = asyncio.create_task(self.running.idle())
        impatient = asyncio.create_task(at_once.wait())
        await asyncio.wait(
            {ended, impatient},
            timeout=grace_s + OVERTIME_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        self.running.cancel_all()
        await asyncio.wait({ended}, timeout=OVERTIME_S)
        for task in (ended, impatient):
            task.cancel()
        if self.limits is not None:
            await asyncio.wait({asyncio.create_task(self.limits.settle())}, timeout=OVERTIME_S)


def open_guard() -> Guard:
    """Return a guard that asks for no key."""
    return Guard(admission=Admission(Line(max_running=64, max_waiting=256)), running=Running())


def guard_of(settings: Settings, store: GuardStore) -> Guard:
    """Return the guard of the settings."""
    keyed = wants_keys(settings.keys, settings.host)
    line = Line(max_running=settings.max_running, max_waiting=settings.max_waiting)
    return Guard(
        admission=Admission(line),
        running=Running(),
        bounds=Bounds(
            max_messages=settings.max_messages,
            max_characters=settings.max_characters,
            max_n=settings.max_n,
        ),
        keys=Keys(store) if keyed else None,
        limits=Limits(store) if keyed else None,
        runs=store,
    )


class GuardedEngine:
    """An engine behind a guard."""

    def __init__(self, inner: Engine, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._inner.model

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each; a server that stops is not."""
        if self._guard.admission.closed:
            return ["the server is shutting down"]
        return await self._inner.ready()

    @asynccontextmanager
    async def start(self, ask: Ask) -> AsyncIterator[Run]:
        """Open a run once it may begin; leaving the block, or the line before it, cancels it.

        Raises:
            Refusal: 400, the conversation is too long; 409, the run was cancelled.
            TryLater: 429 or 503.
        """
        visit = current_visit()
        try:
            _check(ask, self._guard.bounds)
            async with self._admitted(), self._guard.running.entered(visit.key_id) as going:
                asked = replace(ask, key_id=visit.key_id, texts=visit.texts)
                async with self._inner.start(asked) as run:
                    going.opened(run)
                    visit.trace_id = run.trace_id
                    RUN.set(run.trace_id)
                    try:
                        yield run
                    finally:
                        RUN.set(None)
                        if self._guard.limits is not None and visit.key is not None:
                            self._guard.limits.charge(visit.key, run.usage)
        except BudgetSpent as spent:
            if spent.resource == "deadline" and self._guard.admission.closed:
                later = self._guard.admission.stopping()
                visit.headers |= later.headers
                raise later from spent
            raise
        except TryLater as later:
            visit.headers |= later.headers
            raise

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        visit, limits = current_visit(), self._guard.limits
        if limits is not None and visit.key is not None and not self._guard.admission.closed:
            try:
                await limits.take(visit.key)
            finally:
                visit.headers |= limits.headers(visit.key)
        async with self._guard.admission.admitted(visit.priority):
            yield


def _check(ask: Ask, bounds: Bounds) -> None:
    if len(ask.messages) > bounds.max_messages:
        told = f"{len(ask.messages)} messages are more than the {bounds.max_messages} allowed"
        raise bad_request(told, "messages", "too_many_messages")
    characters = sum(len(message.content) for message in ask.messages)
    if characters > bounds.max_characters:
        told = f"{characters} characters are more than the {bounds.max_characters} allowed"
        raise bad_request(told, "messages", "history_too_long")
    if ask.n > bounds.max_n:
        raise bad_request(f"n must be at most {bounds.max_n}, not {ask.n}", "n", "invalid_value")
