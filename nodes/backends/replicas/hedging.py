"""When a request is asked again, of another server (Dean and Barroso, The Tail at Scale, 2013).

A request is a straggler when it takes twice as long as nine in ten of its like did lately. Nine in
ten, and not more, because a percentile that the stragglers themselves reach would grow with them. A
request that was given up counts with the time it had taken, so that hedging does not lower its own
threshold. At most one request in five, and a few more, is asked again, however many are slow; one that waits
beside idle servers earns its own chance in time, since nothing else may come that would.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

REMEMBERED = 128
ENOUGH = 8
"""Durations of a kind, before which no request of it is a straggler."""
QUANTILE = 0.9
TIMES = 2.0
LEAST_S = 0.25
SHARE = 0.2
"""Of requests that may be asked again."""
SAVED = 4.0
"""Requests that may be saved up, and are at the start."""


@dataclass(slots=True)
class Pace:
    """How long requests take, by kind."""

    least_s: float = LEAST_S
    """Nothing straggles before."""
    _durations: dict[Hashable, deque[float]] = field(default_factory=dict)

    def note(self, kind: Hashable, seconds: float) -> None:
        """Remember a duration."""
        self._durations.setdefault(kind, deque(maxlen=REMEMBERED)).append(seconds)

    def straggles_after_s(self, kind: Hashable) -> float | None:
        """Return how long a request takes at most that is no straggler; None while nobody knows."""
        known = self._durations.get(kind, ())
        if len(known) < ENOUGH:
            return None
        return max(self.least_s, TIMES * sorted(known)[int(QUANTILE * (len(known) - 1))])


@dataclass(slots=True)
class Allowance:
    """Requests that may still be made beside the first ones."""

    _saved: float = SAVED

    def earn(self) -> None:
        """Count a first request, or a while that one waited for its chance."""
        self._saved = min(SAVED, self._saved + SHARE)

    def take(self) -> bool:
        """Spend one; False when there is none to spend."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
