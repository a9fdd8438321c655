"""A group of like servers: sends each request to one of them, and on to the next when that fails.

Invariants: a request is under way at most three times, and nowhere once its caller has left; a server
that failed it does not get it again. What is true of the servers is known by `roster.py`; which of them is
asked, and when twice, is said by `picking.py` and `hedging.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from ...errors import BackendError, BackendRejected, BackendTimeout
from ..base import OnText
from .hedging import Allowance, Pace
from .line import Line
from .picking import Standing, pick, possible
from .race import Floor, R, raced
from .request import Home, Request
from .roster import Replica, Roster

T = TypeVar("T")
REFUSES_ALL = frozenset({401, 403, 404})
"""Statuses of a server that will not take the next request either."""
IDLE = 0.5
"""Of its room in use, up to which a server has time for a second request."""


class Replicas(Generic[T]):
    """All servers of a role, to be asked as one."""

    def __init__(self, roster: Roster[T], *, hedges: bool = True, pace: Pace | None = None) -> None:
        self.roster = roster
        self._hedges = hedges and len(roster.replicas) > 1
        self._pace = pace or Pace()
        self._allowance = Allowance()
        self._line = Line()
        roster.changed = self._line.wake

    async def call(self, request: Request[T, R], home: Home, *, shun: int | None = None) -> R:
        """Return what a server gives; one that fails is followed by the next, until the time is up.

        The one at the place `shun` is asked only where no other can be.

        Raises:
            BackendError: all that can do it failed; this is the last failure.
            BackendRejected: one refused it for what is in it.
        """
        clock = self.roster.clock
        until = None if request.timeout_s is None else clock() + request.timeout_s
        tried: set[int] = set()
        if shun is not None and possible(self._standings(request), {shun}):
            tried.add(shun)
        self._allowance.earn()
        while True:
            place = await self._room(request, home, tried, until)
            tried.add(place)
            try:
                return await self._asked(request, place, tried, until)
            except BackendRejected as exc:
                if not _refuses_all(exc):
                    raise
                failure: BackendError = exc
            except BackendError as exc:
                failure = exc
            if self._is_over(until) or not possible(self._standings(request), tried):
                raise failure

    def _standings(self, request: Request[T, R]) -> list[Standing]:
        return [replica.standing(request.able) for replica in self.roster.replicas]

    async def _room(
        self, request: Request[T, R], home: Home, tried: Collection[int], until: float | None
    ) -> int:
        """Return the place of a server, with the room taken, waiting in line where there is none."""
        waited = False
        while True:
            standings = self._standings(request)
            try:
                place = pick(standings, weight=request.weight, home=home.place, avoid=tried)
            except LookupError as exc:
                raise BackendError(f"no {self.roster.role} can do what was asked") from exc
            if place is not None:
                if home.place is None or not standings[home.place].serves:
                    home.place = place
                self._reserve(place, request.weight)
                if waited:
                    self._line.wake()
                return place
            try:
                await self._line.wait(self._left(until), ahead=waited)
            except TimeoutError as exc:
                raise BackendTimeout(f"no {self.roster.role} had room in time") from exc
            waited = True

    async def _asked(
        self, request: Request[T, R], place: int, tried: set[int], until: float | None
    ) -> R:
        """Ask one server, and others where it straggles and they are idle.

        Gives the room back.
        """
        places, floor, began = [place], Floor(request.on_text), self.roster.clock()

        def may_ask() -> bool:
            other = self._idle(request, places)
            if other is None or not self._allowance.take():
                if other is not None:
                    self._allowance.earn()
                return False
            self._reserve(other, request.weight)
            tried.add(other)
            places.append(other)
            return True

        def patience_s() -> float | None:
            return self._patience_s(request) if self._hedges else None

        async def start(who: int) -> R:
            replica = self.roster.replicas[places[who]]
            return await self._one(request, replica, floor.voice(who), until)

        try:
            return await raced(start, floor, patience_s=patience_s, may_ask=may_ask)
        finally:
            for taken in places:
                self.roster.replicas[taken].ours -= request.weight
            self._line.wake()
            if len(places) > 1:
                self._pace.note(request.kind, self.roster.clock() - began)

    def _patience_s(self, request: Request[T, R]) -> float | None:
        """Return after how long it straggles: half of its time at the latest."""
        known = self._pace.straggles_after_s(request.kind)
        half = None if request.timeout_s is None else request.timeout_s / 2
        return min((s for s in (known, half) if s is not None), default=None)

    def _idle(self, request: Request[T, R], places: Sequence[int]) -> int | None:
        """Return another server that has time for it: up, half of its room free, nothing waiting.

        A third request may go where one of the two is, since a stall may be of a request alone.
        """
        idle: list[tuple[int, float, int]] = []
        for place, standing in enumerate(self._standings(request)):
            load = self.roster.replicas[place].load
            waits = load is not None and load.waiting > 0
            there = standing.able and standing.serves and not waits
            free = standing.busy <= IDLE and standing.has_room(request.weight)
            if there and free and (len(places) > 1 or place not in places):
                idle.append((places.count(place), standing.busy, place))
        return min(idle)[2] if idle else None

    async def _one(
        self,
        request: Request[T, R],
        replica: Replica[T],
        on_text: OnText | None,
        until: float | None,
    ) -> R:
        """Ask one server, and learn from what becomes of it."""
        if replica.served is None:
            raise BackendError(f"{replica.server.url} was not opened")
        began = self.roster.clock()
        try:
            result = await request.ask(replica.served, self._left(until), on_text)
        except BackendRejected as exc:
            if _refuses_all(exc):
                self.roster.failed(replica, exc)
            raise
        except BackendError as exc:
            if not self._is_over(until):
                self.roster.failed(replica, exc)
            raise
        fault = request.fault(result)
        if fault is None:
            replica.health = replica.health.succeeded()
            self._pace.note(request.kind, self.roster.clock() - began)
        elif not self._is_over(until):
            self.roster.failed(replica, fault)
        return result

    def _reserve(self, place: int, weight: int) -> None:
        """Take room on a server, before anybody else can look for it."""
        replica = self.roster.replicas[place]
        replica.picked += 1
        replica.ours += weight

    def _left(self, until: float | None) -> float | None:
        return None if until is None else max(0.0, until - self.roster.clock())

    def _is_over(self, until: float | None) -> bool:
        return until is not None and self.roster.clock() >= until


def _refuses_all(exc: BackendRejected) -> bool:
    return getattr(exc.__cause__, "status_code", None) in REFUSES_ALL
