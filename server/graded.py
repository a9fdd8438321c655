"""Stored evaluations as graded runs to learn from, and the options that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ..nodes.algorithms.registry import STRATEGIES
from ..nodes.difficulty.base import Level
from ..nodes.errors import FitError
from ..nodes.learning.graded import options_from
from ..nodes.learning.graded_runs import Cost, Graded, Theta
from ..nodes.policy.document import Option
from ..storage.graded_runs import GradedRun
from ..storage.store import Store

_LEVELS: dict[int, Level] = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}


async def graded_options(
    store: Store, names: Sequence[str], baseline: str | None = None
) -> list[Option]:
    """Return what the evaluations called `names` give (`nodes/learning/graded.py`).

    Best-of-N weighted must be among them; `baseline` names it where there are several.

    Raises:
        StoreError: there is no such evaluation.
        FitError: they asked different data, or make no options.
    """
    runs = {
        name: [graded_from(run) for run in await store.graded_runs(name)]
        for name in dict.fromkeys(names)
    }
    records = [summary.record for summary in await store.list_evaluations()]
    data = {record.data_hash: record for record in records if record.name in runs}
    if len(data) > 1:
        asked = " and ".join(sorted(f"{one.name!r} ({one.data})" for one in data.values()))
        raise FitError(f"evaluations that asked different data cannot be compared: {asked}")
    return options_from(runs, baseline)


def graded_from(run: GradedRun) -> Graded:
    """Return what is learned from a run."""
    return Graded(
        question=run.question_id,
        right=run.right,
        level=None if run.difficulty_level is None else _LEVELS.get(run.difficulty_level),
        budget=run.max_generations,
        plans=tuple(theta for plan in run.plans for theta in _thetas(plan)),
        cost=_cost(run),
    )


def _cost(run: GradedRun) -> Cost | None:
    """Return what a run cost; None where it failed, since it does not say what it would have."""
    if (
        run.error is not None
        or run.generations is None
        or run.completion_tokens is None
        or run.verifier_tokens is None
        or run.calls is None
    ):
        return None
    return Cost(
        generations=run.generations,
        tokens=run.completion_tokens,
        verifier_tokens=run.verifier_tokens,
        rounds=run.calls,
    )


def _thetas(plan: dict[str, Any]) -> list[Theta]:
    """Return the strategy of a plan as policies hold it, and after it the revisions, if any."""
    kind: type | None = STRATEGIES.get(plan["strategy"])
    numbers: Theta = plan["numbers"]
    if kind is not None:  # a strategy's fixed fields are in its trace, but are no numbers
        names = [field.name for field in fields(kind) if field.init]
        numbers = {name: numbers[name] for name in names if name in numbers}
    theta: Theta = {"name": plan["strategy"], **numbers}
    return [theta, plan["revisions"]] if plan["revisions"] else [theta]
