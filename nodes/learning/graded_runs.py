"""Graded runs of one strategy beside those of another on the same questions, level by level.

A run counts at the level that its own pilot saw, as at run time. By the level of one run for both
sides, the run with the lucky pilot would seem ahead at the easy levels and behind at the hard ones,
whatever its strategy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ..algorithms.registry import JsonScalar
from ..difficulty.base import Level
from ..policy.document import Outlay

LEAST = 10
"""Runs of each side, by which a level is measured at all."""
Theta = dict[str, JsonScalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run cost, the pilot included."""

    generations: int
    tokens: int
    """Generated."""
    verifier_tokens: int
    rounds: int
    """Requests to the generator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One run of an evaluation."""

    question: str
    """Id."""
    right: bool
    """False where the run failed."""
    level: Level | None
    """By its own pilot; None where it failed before that."""
    budget: int | None
    """Generations at most, the pilot's included; None where it left no trace."""
    plans: tuple[Theta, ...]
    """What was planned, oldest first; none where the pilot was enough."""
    cost: Cost | None
    """None where the run failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one side gave at a level, and how much more than the other."""

    runs: int
    outlay: Outlay
    """Accuracy counts failed runs as wrong; costs leave them out."""
    gain: float
    gain_error: float
    """Over questions, of which each is in one side's mean or in both."""


def measured_at(level: Level, both: Sequence[tuple[Graded, Graded]]) -> Measured | None:
    """Return what the first of each pair gave at `level`, and its gain over the second.

    A failed run without a level counts at that of the other run of its question. None where a side
    was there in fewer than `LEAST` runs, or no run of the first ended.
    """
    ours = [first if (first.level or second.level) == level else None for first, second in both]
    theirs = [second if (second.level or first.level) == level else None for first, second in both]
    here = [run for run in ours if run is not None]
    there = [run for run in theirs if run is not None]
    costs = [run.cost for run in here if run.cost is not None]
    if min(len(here), len(there)) < LEAST or not costs:
        return None
    accuracy, other = fmean(run.right for run in here), fmean(run.right for run in there)
    pulls = [0.0 if run is None else (run.right - accuracy) / len(here) for run in ours]
    pulls_there = [0.0 if run is None else (run.right - other) / len(there) for run in theirs]
    return Measured(
        runs=len(here),
        outlay=Outlay(
            accuracy=accuracy,
            error=math.hypot(*pulls),
            generations=fmean(cost.generations for cost in costs),
            tokens=fmean(cost.tokens for cost in costs),
            verifier_tokens=fmean(cost.verifier_tokens for cost in costs),
            rounds=fmean(cost.rounds for cost in costs),
        ),
        gain=accuracy - other,
        gain_error=math.dist(pulls, pulls_there),
    )
