"""Compute at equal accuracy, with paired intervals over questions.

Every draw of the bootstrap weighs the questions anew, for both sides alike. Curves are taken as never
falling, and between their points compute is linear in its log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..replay.statistics import INTERVAL, Interval, bootstrap_draws
from .record import Floats
from .runs import Runs

Cost = Literal["generations", "tokens", "all_tokens"]
COSTS: tuple[Cost, ...] = ("generations", "tokens", "all_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """Runs beside others on the same questions."""

    difference: Interval
    """Accuracy less the other's."""
    error: float
    """Standard error of the difference, over questions."""
    baseline_error: float
    """Standard error of the other's accuracy, over questions."""
    ratio: dict[Cost, Interval]
    """Cost over the other's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualAccuracy:
    """The compute that a curve needs for the accuracy of one point of another curve."""

    accuracy: float
    """Aimed at."""
    reached: float
    """Share of the bootstrap's draws in which the curve gets there; intervals are over those."""
    ratio: dict[Cost, Interval]
    """Its cost over the other's; nan where all questions together do not get there."""


def versus(ours: Runs, theirs: Runs, *, draws: int, seed: int) -> Versus:
    """Return how `ours` compares with `theirs`."""
    weights = bootstrap_draws(len(ours.right), draws, seed)
    difference = (ours.right - theirs.right).mean(axis=1)
    return Versus(
        difference=_interval(float(difference.mean()), weights @ difference),
        error=float((weights @ difference).std()),
        baseline_error=float((weights @ theirs.right.mean(axis=1)).std()),
        ratio={cost: _ratio(_cost(ours, cost), _cost(theirs, cost), weights) for cost in COSTS},
    )


def equal_accuracy(curve: Sequence[Runs], target: Runs, *, draws: int, seed: int) -> EqualAccuracy:
    """Return what `curve`, cheapest first, costs at the accuracy of `target`."""
    questions = len(target.right)
    weights = bootstrap_draws(questions, draws, seed)
    every = np.full((1, questions), 1 / questions)
    accuracies = np.stack([runs.right.mean(axis=1) for runs in curve], axis=1)
    aim = target.right.mean(axis=1)
    ratio: dict[Cost, Interval] = {}
    reached = np.zeros(draws, dtype=np.bool_)
    for cost in COSTS:
        costs = np.stack([_cost(runs, cost) for runs in curve], axis=1)
        theirs = _cost(target, cost)
        drawn = _at_accuracy(weights @ accuracies, weights @ costs, weights @ aim)
        reached = ~np.isnan(drawn)
        once = _at_accuracy(every @ accuracies, every @ costs, every @ aim) / (every @ theirs)
        ratio[cost] = _interval(float(once[0]), (drawn / (weights @ theirs))[reached])
    return EqualAccuracy(accuracy=float(aim.mean()), reached=float(reached.mean()), ratio=ratio)


def placed(ours: Runs, curve: Sequence[Runs], *, draws: int, seed: int) -> dict[Cost, Interval]:
    """Return our cost over what `curve`, cheapest first, needs for our accuracy.

    Where our accuracy is beyond the curve's end, the end's cost is taken: less is saved then than
    could be said. That is defined where `equal_accuracy` is not.
    """
    weights = bootstrap_draws(len(ours.right), draws, seed)
    every = np.full((1, len(ours.right)), 1 / len(ours.right))
    accuracies = np.stack([runs.right.mean(axis=1) for runs in curve], axis=1)
    right = ours.right.mean(axis=1)
    ratio: dict[Cost, Interval] = {}
    for cost in COSTS:
        costs = np.stack([_cost(runs, cost) for runs in curve], axis=1)
        values, drawn = (
            (by @ _cost(ours, cost)) / _placed(by @ accuracies, by @ costs, by @ right)
            for by in (every, weights)
        )
        ratio[cost] = _interval(float(values[0]), drawn)
    return ratio


def _placed(accuracies: Floats, costs: Floats, aims: Floats) -> Floats:
    """Return the cost at each accuracy aimed at, or else that of the end of the curve."""
    found = _at_accuracy(accuracies, costs, aims)
    return np.where(np.isnan(found), costs[:, -1], found)


def _at_accuracy(accuracies: Floats, costs: Floats, aims: Floats) -> Floats:
    """Return the cost at which each curve (D, K) has the accuracy aimed at; nan where it never has."""
    found = np.full(len(aims), np.nan)
    for i, (accuracy, cost, aim) in enumerate(zip(accuracies, costs, aims, strict=True)):
        rising = np.maximum.accumulate(accuracy)
        k = int(np.searchsorted(rising, aim - 1e-12))
        if k == 0:
            found[i] = cost[0]
        elif k < len(rising):
            share = (aim - rising[k - 1]) / (rising[k] - rising[k - 1])
            found[i] = np.exp((1 - share) * np.log(cost[k - 1]) + share * np.log(cost[k]))
    return found


def _ratio(ours: Floats, theirs: Floats, weights: Floats) -> Interval:
    return _interval(ours.mean() / theirs.mean(), (weights @ ours) / (weights @ theirs))


def _cost(runs: Runs, cost: Cost) -> Floats:
    values: Floats = getattr(runs, cost)
    means: Floats = values.mean(axis=1)
    return means


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.percentile(drawn, INTERVAL) if len(drawn) else (np.nan, np.nan)
    return Interval(value=float(value), low=float(low), high=float(high))
