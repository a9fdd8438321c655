"""Fits a policy on recorded samples, and measures it on questions that the measured part never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..policy.document import (
    Scope,
)
from ..replay.ballots import ballots_of
from ..replay.levels import oracle_levels
from ..replay.pool import Pool
from ..replay.reading import Reading
from ..replay.statistics import bootstrap_draws
from .compare import equal_accuracy, placed, versus
from .document_of import document_of
from .fit_confidence import confidence_report
from .fit_difficulty import difficulty_report
from .halves import PILOT_ORDERS, Halves, Plot, fit_halves
from .levels import LEVELS, crossed_allocations, crossed_table_runs, fit_table
from .menu import Dish, baseline, serve
from .record import Ints
from .runs import Runs, outlay_of
from .study import Curve, LevelRow, Point, SameBudget, Saved, Study, Way

FINE = (4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 192, 256)
"""N of the curves."""
PRICES = tuple(float(price) for price in np.geomspace(0.03, 0.0001, 24))
"""Of a generation, at which levels are given their N."""


def fit_policy(
    pools: Sequence[Pool],
    readings: Sequence[Reading],
    *,
    name: str,
    scope: Scope,
    made: str,
    plot: Plot,
    told: Callable[[str], None] = lambda _: None,
) -> Study:
    """Return the study of one fit; its `policy` is fitted on all readings, those of all pools.

    Raises:
        FitError: there is too little to learn from, or scikit-learn is not installed.
        ValueError: a budget is not between the pilot and the samples of a question, or a question
            has no fold.
    """
    size = min(len(reading.votes) for reading in readings)
    if not all(plot.pilot < budget <= size for budget in plot.budgets):
        raise ValueError(f"budgets must be between {plot.pilot + 1} and {size}: {plot.budgets!r}")
    halves = fit_halves(readings, plot, told)
    told("curves")
    asked = {plot.pilot, *plot.budgets, min(16, size), size}
    fine = tuple(sorted({n for n in FINE if plot.pilot <= n <= size} | asked))
    runs = serve(halves.record, fine, pilot=plot.pilot)
    levels_of = oracle_levels([ballots_of(reading) for reading in readings])
    oracle = np.repeat(np.array(levels_of)[:, None], plot.orders, axis=1)
    courses = _courses(halves, runs, oracle, fine, plot)
    told("confidence")
    confidence = confidence_report(readings, seed=plot.seed)
    told("difficulty")
    difficulty = difficulty_report(
        readings, pilot=plot.pilot, orders=PILOT_ORDERS, seed=plot.seed, sources=plot.sources
    )
    told("the policy")
    policy = document_of(
        pools, readings, halves, runs, name=name, scope=scope, made=made, plot=plot
    )
    return Study(
        made=made,
        pools=tuple(pool.name for pool in pools),
        questions=len(readings),
        size=size,
        pilot=plot.pilot,
        orders=plot.orders,
        draws=plot.draws,
        seed=plot.seed,
        curves=tuple(_curve(way, course, plot) for way, course in courses.items()),
        saved=tuple(_saved(courses, runs, size, plot)),
        same_budget=tuple(_same_budget(halves, runs, oracle, plot)),
        levels=tuple(_level_rows(halves, runs, plot)),
        difficulty=difficulty,
        confidence=confidence,
        policy=policy,
    )


def _courses(
    halves: Halves, runs: Mapping[Dish, Runs], oracle: Ints, fine: Sequence[int], plot: Plot
) -> dict[Way, list[Runs]]:
    """Return the runs of each way, cheapest first."""

    def of(vote: str, stops: bool) -> list[Runs]:
        return [r for d, r in runs.items() if d.vote == vote and d.stops == stops]

    def by_level(levels: Ints) -> list[Runs]:
        found = crossed_allocations(runs, levels, halves.record.folds, PRICES)
        return sorted(found, key=lambda r: float(r.all_tokens.mean()))

    return {
        "best-of-N weighted": of("weighted", False),
        "majority": of("majority", False),
        "best-of-N weighted, early stop": of("weighted", True),
        "majority, early stop": of("majority", True),
        "continuous controller": [halves.controller(0.0, n, plot.pilot) for n in fine],
        "five levels, predicted": by_level(halves.predicted),
        "five levels, oracle": by_level(oracle),
    }


def _curve(way: Way, course: Sequence[Runs], plot: Plot) -> Curve:
    points: list[Point] = []
    for runs in course:
        right = runs.right.mean(axis=1)
        drawn = bootstrap_draws(len(right), plot.draws, plot.seed) @ right
        low, high = np.percentile(drawn, (2.5, 97.5))
        budget = None if way.startswith("five levels") else int(runs.generations.max())
        points.append(
            Point(budget=budget, outlay=outlay_of(runs), low=float(low), high=float(high))
        )
    return Curve(way=way, points=tuple(points))


def _saved(
    courses: Mapping[Way, Sequence[Runs]], runs: Mapping[Dish, Runs], size: int, plot: Plot
) -> list[Saved]:
    sides: tuple[tuple[Way, Dish], ...] = (
        ("best-of-N weighted", baseline(min(16, size))),
        ("best-of-N weighted", baseline(size)),
        ("majority", Dish(vote="majority", stops=False, n=size)),
    )
    return [
        Saved(
            way=way,
            against=against,
            n=dish.n,
            equal=equal_accuracy(course, runs[dish], draws=plot.draws, seed=plot.seed),
        )
        for against, dish in sides
        for way, course in courses.items()
        if way not in ("majority", against)
    ]


def _same_budget(
    halves: Halves, runs: Mapping[Dish, Runs], oracle: Ints, plot: Plot
) -> list[SameBudget]:
    budgets = (plot.pilot, *plot.budgets)
    whole = [ran for dish, ran in runs.items() if dish == baseline(dish.n)]
    rows: list[SameBudget] = []
    for budget in plot.budgets:
        served: dict[str, Runs] = {
            "policy": halves.controller(0.0, budget, plot.pilot),
            **{
                f"table, {what} levels": crossed_table_runs(
                    runs, levels, halves.record.folds, budget, budgets
                )
                for what, levels in (("predicted", halves.predicted), ("oracle", oracle))
            },
        }
        for way, ran in served.items():
            held = versus(ran, runs[baseline(budget)], draws=plot.draws, seed=plot.seed)
            rows.append(
                SameBudget(
                    way=way,  # type: ignore[arg-type]  # its own literals, made above
                    budget=budget,
                    versus=held,
                    at_equal_accuracy=placed(ran, whole, draws=plot.draws, seed=plot.seed),
                    within_error=held.difference.value >= -held.baseline_error,
                )
            )
    return rows


def _level_rows(halves: Halves, runs: Mapping[Dish, Runs], plot: Plot) -> list[LevelRow]:
    table = fit_table(runs, halves.predicted, plot.budgets)
    rows: list[LevelRow] = []
    for budget in plot.budgets:
        controller = halves.controller(0.0, budget, plot.pilot)
        for level in LEVELS:
            where = halves.predicted == level
            dish = table[level, budget]
            rows.append(
                LevelRow(
                    level=level,
                    budget=budget,
                    theta=dish.theta(plot.pilot),
                    share=float(where.mean()),
                    baseline=outlay_of(runs[baseline(budget)], where),
                    chosen=outlay_of(runs[dish], where),
                    controller=outlay_of(controller, where),
                )
            )
    return rows
