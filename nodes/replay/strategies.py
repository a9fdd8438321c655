"""The strategies that recorded samples can replay: those whose samples do not depend on one another.

A rule looks at the totals of its rounds only, as the service does between requests. Where the
service draws a pilot first, its samples are the first of the N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..aggregation import AGGREGATIONS
from ..algorithms.waves import asked_after
from .ballots import Weighing

Stop = Literal["decided", "half", "unanimous"]
"""Adaptive-Consistency's rule on the weights; half of all weight, and at least 0.5; a window of
equal answers."""
Rounds = Callable[[int], tuple[int, ...]]
"""From N to the totals of samples at which the rounds end, ascending; the last is N."""
PILOT = WAVE = 4
"""The service's defaults."""
WINDOW = 5
"""w of ESC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A strategy to replay; N is given with the replay."""

    name: str
    weights: Weighing | None
    """What a vote weighs; None is 1."""
    best: bool = False
    """The best single sample answers, instead of the largest sum."""
    stop: Stop | None = None
    """None draws all N."""
    rounds: Rounds = lambda n: (n,)
    against: str | None = None
    """The strategy without an early stop that it should equal in accuracy at the largest N."""

    @property
    def verifier(self) -> bool:
        """Whether it pays a process verifier."""
        return self.weights in AGGREGATIONS


def waves(n: int, *, pilot: int = 0, wave: int = WAVE) -> tuple[int, ...]:
    """Return the totals of a pilot and of waves that double, as `algorithms/waves.py` asks."""
    pilot = min(pilot, n)
    totals = [pilot] if pilot else []
    while not totals or totals[-1] < n:
        rounds = len(totals) + (0 if pilot else 1)
        totals.append(pilot + asked_after(rounds, n - pilot, wave))
    return tuple(totals)


def windows(n: int, *, w: int) -> tuple[int, ...]:
    """Return the totals of windows of `w`; the last one may be smaller."""
    return (*range(w, n, w), n)


_UNIFORM = (
    Replayed(name="majority", weights=None),
    Replayed(name="confidence majority, mean logprob", weights="mean_logprob"),
    Replayed(name="confidence majority, lowest step", weights="lowest_step"),
    *(Replayed(name=f"best-of-N best, {a}", weights=a, best=True) for a in AGGREGATIONS),
    *(Replayed(name=f"best-of-N weighted, {a}", weights=a) for a in AGGREGATIONS),
)
_STOPPING = (
    Replayed(
        name="Adaptive-Consistency, one at a time",
        weights=None,
        stop="decided",
        rounds=partial(windows, w=1),
        against="majority",
    ),
    Replayed(
        name="Adaptive-Consistency, pilot and waves",
        weights=None,
        stop="decided",
        rounds=partial(waves, pilot=PILOT),
        against="majority",
    ),
    Replayed(
        name=f"ESC, w = {WINDOW}",
        weights=None,
        stop="unanimous",
        rounds=partial(windows, w=WINDOW),
        against="majority",
    ),
    Replayed(
        name="weighted, doubling waves",
        weights="last",
        stop="decided",
        rounds=waves,
        against="best-of-N weighted, last",
    ),
    Replayed(
        name="weighted, pilot and waves",
        weights="last",
        stop="decided",
        rounds=partial(waves, pilot=PILOT),
        against="best-of-N weighted, last",
    ),
    Replayed(
        name="weighted, half the weight, waves of 4",
        weights="last",
        stop="half",
        rounds=partial(windows, w=WAVE),
        against="best-of-N weighted, last",
    ),
)
REPLAYED: dict[str, Replayed] = {s.name: s for s in (*_UNIFORM, *_STOPPING)}
