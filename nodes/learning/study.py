"""What a fit measured, on questions that no number of it was fitted on: for people and for the report.

Every point is two-fold: models, tables and rules come from the one half of the questions and are used
on the other. Costs hold the pilot and the verifier. The oracle's levels are cut from the gold answers,
so what rests on them cannot be had at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..algorithms.registry import JsonScalar
from ..policy.document import Outlay, PolicyDocument
from ..replay.statistics import Interval
from .compare import Cost, EqualAccuracy, Versus
from .fit_confidence import ConfidenceReport
from .fit_difficulty import DifficultyReport

Way = Literal[
    "best-of-N weighted",
    "majority",
    "best-of-N weighted, early stop",
    "majority, early stop",
    "continuous controller",
    "five levels, predicted",
    "five levels, oracle",
]
"""A curve. The first two draw all N at once; the early stops are Adaptive-Consistency's rule; the
levels choose for a mean budget (each level its N); the controller is `marginal_gain`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One setting of a curve."""

    budget: int | None
    """Generations at most; None where a mean is chosen instead."""
    outlay: Outlay
    low: float
    """Accuracy, 2.5% over questions."""
    high: float
    """97.5%."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Accuracy against compute."""

    way: Way
    points: tuple[Point, ...]
    """Cheapest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The compute a curve needs for the accuracy of another one's point."""

    way: Way
    against: Way
    n: int
    """Of the other's point."""
    equal: EqualAccuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBudget:
    """A policy under a budget beside best-of-N weighted with N = the budget."""

    way: Literal["policy", "table, predicted levels", "table, oracle levels"]
    budget: int
    versus: Versus
    at_equal_accuracy: dict[Cost, Interval]
    """Cost over what best-of-N weighted needs for the same accuracy, with at most all samples."""
    within_error: bool
    """It is not worse by more than one standard error of best-of-N's accuracy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """One level under one budget: what was chosen there, on all questions, and who was in it."""

    level: int
    budget: int
    theta: dict[str, JsonScalar]
    share: float
    """Of the runs, that were predicted to be of this level."""
    baseline: Outlay
    """Of best-of-N weighted there."""
    chosen: Outlay
    controller: Outlay
    """Of the controller there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One fit, on one or more pools."""

    made: str
    pools: tuple[str, ...]
    questions: int
    size: int
    """Samples of each question."""
    pilot: int
    orders: int
    draws: int
    seed: int
    curves: tuple[Curve, ...]
    saved: tuple[Saved, ...]
    same_budget: tuple[SameBudget, ...]
    levels: tuple[LevelRow, ...]
    difficulty: DifficultyReport
    confidence: ConfidenceReport
    policy: PolicyDocument
    """Fitted on all questions."""
