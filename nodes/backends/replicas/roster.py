"""Who is there: opens the servers of a role, probes them, and knows how each stands.

A server that is not what the others are is refused until it is. One that was down is opened anew
when it answers again, since another model may have been started at its address.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ...errors import BackendError, BackendRejected
from .health import Health, HealthRules, State
from .load import START, Load, next_limit, of_others
from .picking import Standing
from .server import Identity, Opened, Server

T = TypeVar("T")
PROBE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaState:
    """One server as people are shown it."""

    url: str
    state: State
    reason: str | None
    sequences: int
    """Of this process, under way there."""
    limit: int
    load: Load | None
    requests: int
    """Sent there so far."""


class Replica(Generic[T]):
    """One server, and how it stands."""

    def __init__(self, server: Server[T], limit: int) -> None:
        self.server = server
        self.served: T | None = None
        self.health = Health()
        self.load: Load | None = None
        self.others = 0
        self.limit = limit
        self.ours = 0
        self.picked = 0

    def standing(self, able: Callable[[T], bool]) -> Standing:
        """Return it as the rule sees it."""
        known = self.health.state in ("up", "down")
        return Standing(
            able=known and self.served is not None and able(self.served),
            serves=self.health.serves,
            ours=self.ours,
            others=self.others,
            limit=self.limit,
            picked=self.picked,
            probe_at=self.health.probe_at,
        )

    def state(self) -> ReplicaState:
        """Return it as people are shown it."""
        return ReplicaState(
            url=self.server.url,
            state=self.health.state,
            reason=self.health.reason,
            sequences=self.ours,
            limit=self.limit,
            load=self.load,
            requests=self.picked,
        )


class Roster(Generic[T]):
    """All servers of a role, in the order of their addresses. Belongs to one event loop."""

    def __init__(
        self,
        servers: Sequence[Server[T]],
        *,
        role: str,
        every_s: float = PROBE_EVERY_S,
        limit: int = START,
        rules: HealthRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self.role = role
        self.replicas = [Replica(server, limit) for server in servers]
        self.clock = clock
        self.changed: Callable[[], None] = lambda: None
        """Called when a server may have gained room."""
        self._every_s = every_s
        self._rules = rules or HealthRules()
        self._chance = chance or random.Random()
        self._identity: Identity | None = None
        self._opening = asyncio.Lock()

    @property
    def served(self) -> list[T]:
        """What has been opened; servers that are refused are not in it."""
        known = (r for r in self.replicas if r.health.state != "refused")
        return [r.served for r in known if r.served is not None]

    def states(self) -> list[ReplicaState]:
        """Return how each stands."""
        return [replica.state() for replica in self.replicas]

    async def opened(self) -> list[T]:
        """Return what is there to be asked, opening what nobody has asked yet.

        Where nothing is there, it is looked for again once a probe is due, and not for every caller.

        Raises:
            BackendError: nothing is; it says why of each.
        """
        async with self._opening:
            if any(r.health.state == "new" for r in self.replicas):
                await self._open_all()
            elif not self.served and any(self.clock() >= r.health.probe_at for r in self.replicas):
                await self.check()
        if not self.served:
            reasons = [r.health.reason or r.server.url for r in self.replicas]
            raise BackendError(f"no {self.role} can be used: {'; '.join(reasons)}")
        return self.served

    async def check(self) -> None:
        """Probe every server once, at once."""
        await asyncio.gather(*(self._check(replica) for replica in self.replicas))

    async def watch(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Probe each server again and again, until cancelled; `pause` waits some seconds."""

        async def watch_one(replica: Replica[T]) -> None:
            while True:
                await pause(self._pause_s(replica))
                await self._check(replica)

        await asyncio.gather(*(watch_one(replica) for replica in self.replicas))

    def failed(self, replica: Replica[T], why: BackendError | str) -> None:
        """Learn that a server failed."""
        now, jitter = self.clock(), self._chance.random()
        replica.health = replica.health.failed(str(why), now, self._rules, jitter)

    def _refused(self, replica: Replica[T], why: str) -> None:
        now, jitter = self.clock(), self._chance.random()
        replica.health = replica.health.refused(why, now, self._rules, jitter)

    async def _open_all(self) -> None:
        """Open all at once; the first address that answers says what the others have to be."""
        found = await asyncio.gather(*(self._try_open(replica) for replica in self.replicas))
        for replica, opened in zip(self.replicas, found, strict=True):
            if opened is not None:
                self._admit(replica, opened)

    async def _check(self, replica: Replica[T]) -> None:
        if replica.health.serves:
            try:
                await replica.server.ping()
            except BackendError as exc:
                self.failed(replica, exc)
        elif (opened := await self._try_open(replica)) is not None:
            self._admit(replica, opened)
        if replica.health.serves:
            replica.load = await replica.server.load()
            replica.others = of_others(replica.load, replica.ours)
            replica.limit = next_limit(replica.limit, replica.load, replica.ours)
        self.changed()

    async def _try_open(self, replica: Replica[T]) -> Opened[T] | None:
        try:
            return await replica.server.open()
        except BackendRejected as exc:
            self._refused(replica, str(exc))
        except BackendError as exc:
            self.failed(replica, exc)
        return None

    def _admit(self, replica: Replica[T], opened: Opened[T]) -> None:
        """Let requests go to a server that is what the others are."""
        wanted = self._identity or opened.identity
        if (differs := opened.identity.differs(wanted)) is not None:
            self._refused(replica, f"the server at {replica.server.url} {differs}")
            return
        self._identity = replace(wanted, tokens=wanted.tokens or opened.identity.tokens)
        replica.served = opened.served
        replica.health = replica.health.probed()

    def _pause_s(self, replica: Replica[T]) -> float:
        if replica.health.serves:
            return self._every_s * self._chance.uniform(0.8, 1.2)
        if replica.health.state == "new":
            return self._every_s
        return max(0.0, replica.health.probe_at - self.clock())
