"""Holds a stream of questions to a mean of generations, by the price that a controller pays for one.

The price is the Lagrange multiplier of "as many right answers as possible for a mean of B": all
questions pay the same one, and each takes what it is worth to it. The dials of the policy say what a
price buys, so the first one is read off them, between dials on a line in logarithms.

Questions differ from those of the fit, so the price is corrected after every run: an integral
controller on the log price, in steps of the curve's own slope, so that its gain is the same however
flat the curve is. Its sum is the overspending so far, which it therefore takes back: after T runs the
mean is off by the distance it had to move, over GAIN x T. The distance is bounded, so that a mean
that cannot be had is not chased for ever.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .base import Plan, Policy, Situation
from .document import Dial

GAIN = 0.02
"""Of a run's overspending, relative to the mean: stable with up to 75 runs under way at once."""
FARTHEST = math.log(8)
"""How far the aim may move from the mean, either way."""
SLOPE = -2.0
"""Of the log price over the log generations, where a curve has a single point."""
STEEPEST = -5.0
"""The same beyond the ends of a curve, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a price buys, in logarithms."""

    generations: float
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacer:
    """The price of a generation as it stands; `after` moves it on."""

    mean: float
    """Generations a question that are aimed at, the pilot's included."""
    curve: tuple[Point, ...]
    """More generations at every point, at a lower price; at least one."""
    shift: float = 0.0
    """Log of what the curve has to be asked for, over what is wanted."""
    questions: int = 0
    generations: int = 0
    """Spent on them."""

    @property
    def price(self) -> float:
        """What one more generation has to gain in P(right)."""
        return math.exp(_price_at(self.curve, math.log(self.mean) + self.shift))

    @property
    def why(self) -> str:
        """Where it stands, in words."""
        so_far = f", {self.generations / self.questions:.2f} so far" if self.questions else ""
        return f"priced for a mean of {self.mean:g} generations{so_far}"

    def after(self, generations: int) -> Pacer:
        """Return the pacer after a run that spent so many."""
        shift = self.shift - GAIN * (generations - self.mean) / self.mean
        return replace(
            self,
            shift=max(-FARTHEST, min(FARTHEST, shift)),
            questions=self.questions + 1,
            generations=self.generations + generations,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PacedPolicy:
    """Has a policy choose at the pacer's price."""

    policy: Policy
    pacer: Pacer

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        plan = self.policy.choose(replace(situation, price=self.pacer.price))
        return replace(plan, why=f"{plan.why}; {self.pacer.why}")


def pacer_for(mean: float, dials: Sequence[Dial], budget: int) -> Pacer | None:
    """Return a pacer by the dials of the largest budget up to `budget`, else of the smallest one.

    None without a dial that has a price.
    """
    priced = [d for d in dials if d.price > 0 and d.outlay.generations > 0]
    if not priced:
        return None
    budgets = {d.budget for d in priced}
    nearest = max((b for b in budgets if b <= budget), default=min(budgets))
    return Pacer(mean=mean, curve=_curve([d for d in priced if d.budget == nearest]))


def _curve(dials: Sequence[Dial]) -> tuple[Point, ...]:
    """Return the points at which a lower price buys more; noise in between is left out."""
    points: list[Point] = []
    for dial in sorted(dials, key=lambda d: -d.price):
        point = Point(generations=math.log(dial.outlay.generations), price=math.log(dial.price))
        if not points or point.generations > points[-1].generations:
            points.append(point)
    return tuple(points)


def _price_at(curve: Sequence[Point], generations: float) -> float:
    """Return the log price at a log of generations, on lines between the points and beyond them."""
    slopes = [(b.price - a.price) / (b.generations - a.generations) for a, b in pairwise(curve)]
    place = bisect([point.generations for point in curve], generations)
    if place in (0, len(curve)):
        end = curve[min(place, len(curve) - 1)]
        slope = (slopes[0] if place == 0 else slopes[-1]) if slopes else SLOPE
        return end.price + max(slope, STEEPEST) * (generations - end.generations)
    start = curve[place - 1]
    return start.price + slopes[place - 1] * (generations - start.generations)
