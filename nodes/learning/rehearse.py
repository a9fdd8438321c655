"""Rehearses a policy on recorded samples: the very object that serves chooses, run by run.

Only strategies whose samples do not depend on each other can be replayed; a policy that plans another
one is refused, since half a rehearsal would be a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..algorithms.base import Strategy
from ..algorithms.best_of_n import BestOfN
from ..algorithms.majority import Majority
from ..algorithms.marginal_gain import MarginalGain
from ..difficulty.base import Difficulty
from ..difficulty.model import estimate_difficulty
from ..errors import FitError
from ..policy.base import Policy, Situation
from ..policy.document import DifficultyModel, Familiar, Outlay
from ..policy.drift import Drift
from ..replay.reading import Reading
from ..values import Kind
from .compare import Versus, versus
from .controller_replay import replay_controller
from .courses import course_of, stopped_runs, totals_for, whole_runs
from .pilots import pilot_rows
from .record import Record, record_of
from .runs import Runs, chosen, outlay_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One budget: a policy beside another one on the same runs."""

    budget: int
    ours: Outlay
    theirs: Outlay
    versus: Versus
    gained: int
    """Questions that are right more often, by more than one run in ten."""
    lost: int
    """Questions that are right less often."""
    strategies: dict[str, float]
    """Share of runs by the name of the strategy that was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Recorded samples to rehearse on."""

    readings: Sequence[Reading]
    record: Record
    kind: Kind
    pilot: int
    orders: int
    seed: int


def stage_for(
    readings: Sequence[Reading], *, kind: Kind, pilot: int, orders: int, seed: int
) -> Stage:
    """Return a stage; the pilots are the beginnings of the record's orders."""
    return Stage(
        readings=readings,
        record=record_of(readings, orders=orders, seed=seed),
        kind=kind,
        pilot=pilot,
        orders=orders,
        seed=seed,
    )


def difficulties(stage: Stage, model: DifficultyModel | None) -> list[Difficulty]:
    """Return the estimate of each run, question by question, as the service would make it."""
    rows = pilot_rows(stage.readings, pilot=stage.pilot, orders=stage.orders, seed=stage.seed)
    texts = [reading.question.text for reading in stage.readings]
    return [estimate_difficulty(model, texts[row.place], row.candidates) for row in rows]


def serve_policy(
    stage: Stage, policy: Policy, estimates: Sequence[Difficulty], budget: int
) -> tuple[Runs, dict[str, float]]:
    """Return the runs that a policy gives under a budget, and the share of each strategy's name.

    Raises:
        FitError: it plans a strategy that recorded samples cannot replay.
    """
    plans = [policy.choose(_situation(stage, estimate, budget)) for estimate in estimates]
    if any(plan.revisions is not None for plan in plans):
        raise FitError("recorded samples cannot replay revisions")
    kinds = list(dict.fromkeys(plan.strategy for plan in plans))
    runs = [_replay(stage, strategy) for strategy in kinds]
    which = np.array([kinds.index(plan.strategy) for plan in plans])
    names = [plan.strategy.name for plan in plans]
    shares = {name: names.count(name) / len(names) for name in dict.fromkeys(names)}
    return chosen(runs, which.reshape(-1, stage.orders)), shares


def rehearse(
    stage: Stage,
    budget: int,
    ours: tuple[Runs, dict[str, float]],
    theirs: Runs,
    *,
    draws: int,
) -> Rehearsed:
    """Return how runs compare under one budget."""
    runs, strategies = ours
    change = (runs.right - theirs.right).mean(axis=1)
    return Rehearsed(
        budget=budget,
        ours=outlay_of(runs),
        theirs=outlay_of(theirs),
        versus=versus(runs, theirs, draws=draws, seed=stage.seed),
        gained=int((change > 0.1).sum()),
        lost=int((change < -0.1).sum()),
        strategies=strategies,
    )


def is_strange(stage: Stage, estimates: Sequence[Difficulty], familiar: Familiar | None) -> bool:
    """Say whether the drift guard would step back on questions like these, one run of each."""
    drift = Drift()
    for difficulty in estimates[:: stage.orders]:
        drift = drift.after(difficulty.probability)
    return familiar is not None and drift.is_strange_to(familiar)


def _situation(stage: Stage, difficulty: Difficulty, budget: int) -> Situation:
    return Situation(
        kind=stage.kind,
        difficulty=difficulty,
        room=budget - stage.pilot,
        spent=stage.pilot,
        verifier=True,
        continuation=True,
    )


def _replay(stage: Stage, strategy: Strategy) -> Runs:
    record, pilot = stage.record, stage.pilot
    n = pilot + strategy.generations
    if isinstance(strategy, MarginalGain):
        return replay_controller(record, strategy.rule, strategy.price, n=n, pilot=pilot)
    weighted = isinstance(strategy, BestOfN) and strategy.selection == "weighted"
    if isinstance(strategy, Majority) or weighted:
        course = course_of(record, "weighted" if weighted else "majority", totals_for((n,), pilot))
        waves = isinstance(strategy, (Majority, BestOfN)) and strategy.wave is not None
        return (stopped_runs if waves else whole_runs)(course, n, pilot=pilot)
    raise FitError(f"recorded samples cannot replay {strategy.name}, which the policy plans")
