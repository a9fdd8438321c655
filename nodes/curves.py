"""Accuracy against generations: curves that were measured, and what is read off them.

A curve is linear in log2 of the generations between its points, and says nothing outside of them:
what is asked for there gets the nearest point, marked. It is taken as it was measured, falls too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .policy.document import Outlay, PolicyDocument

Place = Literal["before", "within", "beyond"]
"""Where on a curve a number of generations lies: before its first point, within, beyond its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was measured at one number of generations."""

    generations: float
    """A question, above 0; a mean where runs differ."""
    accuracy: float
    """Share of right answers, in [0, 1]."""
    error: float | None = None
    """Standard error of `accuracy`; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The points of one level of difficulty."""

    level: int | None
    """None is all questions together."""
    points: tuple[Point, ...]
    """At least one; generations rise."""

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("points must hold at least one")
        for point in self.points:
            if not 0 < point.generations < math.inf:
                raise ValueError(f"generations must be above 0, not {point.generations!r}")
            if not 0 <= point.accuracy <= 1:
                raise ValueError(f"accuracy must be from 0 to 1, not {point.accuracy!r}")
        for one, next_one in pairwise(self.points):
            if next_one.generations <= one.generations:
                raise ValueError(
                    f"generations must rise, not go from {one.generations:g}"
                    f" to {next_one.generations:g}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a curve says about one number of generations."""

    accuracy: float
    error: float | None
    """Interpolated as the accuracy is; None where an end of its stretch has none."""
    place: Place


def reached(curve: Curve, generations: float) -> Reached:
    """Return the accuracy at `generations`; outside of the curve that of its nearest point."""
    first, last = curve.points[0], curve.points[-1]
    if generations < first.generations:
        return Reached(accuracy=first.accuracy, error=first.error, place="before")
    if generations >= last.generations:
        place: Place = "within" if generations == last.generations else "beyond"
        return Reached(accuracy=last.accuracy, error=last.error, place=place)
    low, high = next(pair for pair in pairwise(curve.points) if generations < pair[1].generations)
    share = math.log2(generations / low.generations) / math.log2(high.generations / low.generations)
    error = (
        None if low.error is None or high.error is None else _between(low.error, high.error, share)
    )
    return Reached(
        accuracy=_between(low.accuracy, high.accuracy, share), error=error, place="within"
    )


def curves_of(document: PolicyDocument, *, verifier_weight: float = 0.0) -> tuple[Curve, ...]:
    """Return what a policy was measured to reach: a curve a level, then its controller's over all.

    `verifier_weight` is the size of the verifier over that of the generator: so many generated
    tokens does a token that it reads cost. 0 leaves the verifier out.
    """
    levels = sorted({option.level for option in document.options if option.chosen})
    curves = [
        Curve(
            level=level,
            points=_points(
                (o.outlay for o in document.options if o.chosen and o.level == level),
                verifier_weight,
            ),
        )
        for level in levels
    ]
    if any(dial.chosen for dial in document.dials):
        outlays = (dial.outlay for dial in document.dials if dial.chosen)
        curves.append(Curve(level=None, points=_points(outlays, verifier_weight)))
    return tuple(curves)


def _points(outlays: Iterable[Outlay], verifier_weight: float) -> tuple[Point, ...]:
    """Return one point a cost, rising; of what costs the same, the most accurate."""
    points: dict[float, Point] = {}
    for outlay in outlays:
        cost = outlay.generations * (
            1 + verifier_weight * outlay.verifier_tokens / max(outlay.tokens, 1.0)
        )
        if cost not in points or outlay.accuracy > points[cost].accuracy:
            points[cost] = Point(generations=cost, accuracy=outlay.accuracy, error=outlay.error)
    return tuple(points[cost] for cost in sorted(points))


def _between(low: float, high: float, share: float) -> float:
    """Return a value between two, inside them whatever the rounding."""
    value = low + share * (high - low)
    return min(max(value, min(low, high)), max(low, high))
