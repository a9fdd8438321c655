"""A study told by hand: three ways, two budgets, two levels. All its numbers are different."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

from forethought.nodes.learning.calibration import Bin, Calibration
from forethought.nodes.learning.compare import COSTS, Cost, EqualAccuracy, Versus
from forethought.nodes.learning.fit_confidence import ConfidenceReport
from forethought.nodes.learning.fit_difficulty import DifficultyReport
from forethought.nodes.learning.study import Curve, LevelRow, Point, SameBudget, Saved, Study, Way
from forethought.nodes.policy.document import Outlay
from forethought.nodes.replay.statistics import Interval
from learned_policies import FULL

BASELINE: Way = "best-of-N weighted"
CONTROLLER: Way = "continuous controller"
NOWHERE = Interval(value=math.nan, low=math.nan, high=math.nan)


def interval(value: float, low: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


def outlay(accuracy: float, generations: float) -> Outlay:
    return Outlay(
        accuracy=accuracy,
        error=0.02,
        generations=generations,
        tokens=200 * generations,
        verifier_tokens=220 * generations,
        rounds=2.0,
    )


def same_budget(
    budget: int, difference: Interval, tokens: float, every: float, *, within_error: bool = True
) -> SameBudget:
    values = zip(COSTS, (tokens + 0.1, tokens, every), strict=True)
    ratio: dict[Cost, Interval] = {
        cost: interval(value, value - 0.03, value + 0.03) for cost, value in values
    }
    versus = Versus(difference=difference, error=0.01, baseline_error=0.031, ratio=ratio)
    equal: dict[Cost, Interval] = {
        cost: interval(every + 0.0123, every, every + 0.05) for cost in COSTS
    }
    return SameBudget(
        way="policy",
        budget=budget,
        versus=versus,
        at_equal_accuracy=equal,
        within_error=within_error,
    )


def saved(way: Way, every: Interval, reached: float) -> Saved:
    ratio: dict[Cost, Interval] = dict.fromkeys(COSTS, every)
    equal = EqualAccuracy(accuracy=0.476, reached=reached, ratio=ratio)
    return Saved(way=way, against=BASELINE, n=16, equal=equal)


def calibration(predicted: float, error: float, auc: float | None) -> Calibration:
    return Calibration(
        rows=100,
        observed=0.4,
        predicted=predicted,
        auc=auc,
        calibration_error=error,
        log_loss=0.5,
        brier=0.2,
        bins=tuple(Bin(rows=25, predicted=p, observed=p - 0.05) for p in (0.1, 0.3, 0.6, 0.9)),
    )


def study() -> Study:
    accuracies: dict[Way, tuple[float, float]] = {
        BASELINE: (0.378, 0.476),
        CONTROLLER: (0.371, 0.473),
        "five levels, predicted": (0.30, 0.44),
    }
    curves = tuple(
        Curve(
            way=way,
            points=tuple(
                Point(budget=n, outlay=outlay(a, n - place), low=a - 0.05, high=a + 0.06)
                for n, a in zip((8, 16), pair, strict=True)
            ),
        )
        for place, (way, pair) in enumerate(accuracies.items())
    )
    levels = tuple(
        LevelRow(
            level=level,
            budget=budget,
            theta={"name": "best_of_n", "n": budget - 4, "selection": "weighted", "wave": wave},
            share=0.5,
            baseline=outlay(0.9 / level, budget),
            chosen=outlay(0.89 / level, budget - 1),
            controller=outlay(0.88 / level, budget - 2),
        )
        for budget, wave in ((8, None), (16, 4))
        for level in (1, 2)
    )
    sure = calibration(0.41, 0.021, 0.899)
    return Study(
        made="2026-11-23T07:00:00+00:00",
        pools=("pool",),
        questions=60,
        size=16,
        pilot=4,
        orders=32,
        draws=2000,
        seed=3,
        curves=curves,
        saved=(
            saved("five levels, predicted", NOWHERE, 0.362),
            saved(CONTROLLER, interval(0.574, 0.385, 0.596), 0.503),
        ),
        same_budget=(
            same_budget(8, interval(-0.0013, -0.0045, 0.0025), 0.82, 0.86),
            same_budget(16, interval(-0.0031, -0.0212, 0.0196), 0.484, 0.575),
        ),
        levels=levels,
        difficulty=DifficultyReport(
            questions=60,
            pilots=480,
            pilot=4,
            methods=("fitted on the pilot",),
            calibration=calibration(0.39, 0.007, 0.827),
            rank_correlation=0.741,
            same_level=0.4365,
            near_level=0.856,
        ),
        confidence=ConfidenceReport(
            questions=60,
            calibration=sure,
            by_samples=((1, sure), (16, sure)),
            vote_share=calibration(0.65, 0.291, 0.656),
        ),
        policy=replace(FULL, notes=("Measured <twice> & kept.",)),
    )


def study_json(given: Study) -> str:
    """Return the study as `policy fit --json` writes it: null for what is not a number."""
    return json.dumps(_without_nan(asdict(given)))


def write_study(path: Path, given: Study) -> Path:
    path.write_text(study_json(given), encoding="utf-8")
    return path


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
