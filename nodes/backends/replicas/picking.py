"""Which server a request goes to: the one where its run has its prefix, else the least busy.

Pure; what is true of each server is told by the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One server as the rule sees it."""

    able: bool = True
    """It is what was asked for, and can do what the request needs."""
    serves: bool = True
    """It is up."""
    ours: int = 0
    """Sequences of this process there."""
    others: int = 0
    """Sequences of others there."""
    limit: int = 256
    """Of ours at once."""
    picked: int = 0
    """How often it was chosen, which decides between equals."""
    probe_at: float = 0.0
    """When it is probed next, if it is not up."""

    def has_room(self, weight: int) -> bool:
        """Whether `weight` more sequences fit; anything fits a server that has none of ours."""
        return self.ours == 0 or self.ours + weight <= self.limit

    @property
    def busy(self) -> float:
        """Sequences there for each that it takes."""
        return (self.ours + self.others) / self.limit


def possible(standings: Sequence[Standing], avoid: Collection[int]) -> list[int]:
    """Return those that a request may go to at all: the ones that are up, or where none is, all that
    can do it, since a server that is thought to be down is better than none."""
    able = [i for i, s in enumerate(standings) if s.able and i not in avoid]
    return [i for i in able if standings[i].serves] or able


def pick(
    standings: Sequence[Standing],
    *,
    weight: int,
    home: int | None = None,
    avoid: Collection[int] = (),
) -> int | None:
    """Return the place of the server for a request of `weight` sequences; None is to wait for room.

    Home goes first as long as it is possible and has room, then the least busy with room. Where none
    is up, it is the one that is probed next.

    Raises:
        LookupError: there is none, now or later.
    """
    places = possible(standings, avoid)
    if not places:
        raise LookupError("no server can take the request")
    if not standings[places[0]].serves:
        return min(places, key=lambda i: (standings[i].probe_at, standings[i].picked, i))
    roomy = [i for i in places if standings[i].has_room(weight)]
    if home in roomy:
        return home
    if not roomy:
        return None
    return min(roomy, key=lambda i: (standings[i].busy, standings[i].picked, i))
