"""Options out of graded runs: what strategies gave that no recorded sample can replay.

An evaluation that ran one strategy under one budget is held, level by level, against best-of-N
weighted under the same budget, on the questions that both asked. It does not know whether both had
the same generator and verifier, nor the same data: who calls sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..algorithms.registry import strategy_from
from ..difficulty.base import Level
from ..errors import FitError
from ..policy.document import Option
from .graded_runs import Graded, Theta, measured_at
from .levels import SURELY

_LEVELS: tuple[Level, ...] = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    """One strategy under one budget."""

    name: str
    theta: Theta
    budget: int
    runs: dict[str, Graded]
    """By question."""


def options_from(runs: Mapping[str, Sequence[Graded]], baseline: str | None = None) -> list[Option]:
    """Return what each evaluation, by name, gave at each level; by level, budget and name.

    `baseline` names the best-of-N weighted that evaluations under its budget are held against; None
    finds it. Of a level and budget the option with the largest sure gain is chosen; a tie goes to
    the one that generates fewer tokens. Levels with too few runs are left out.

    Raises:
        FitError: an evaluation mixed strategies or budgets, has nothing to be held against, or shares
            no question with it.
    """
    evaluations = [_evaluation(name, graded) for name, graded in runs.items()]
    baselines = _baselines(evaluations, baseline)
    found: list[Option] = []
    for ours in evaluations:
        theirs = baselines.get(ours.budget)
        if theirs is None:
            raise FitError(
                f"evaluation {ours.name!r} has no best-of-N weighted with {ours.budget}"
                " generations beside it to be held against"
            )
        if ours is not theirs:
            found += _options(ours, theirs)
    return _choose(sorted(found, key=lambda o: (o.level, o.budget, o.source)))


def merge_options(replayed: Iterable[Option], live: Iterable[Option]) -> tuple[Option, ...]:
    """Return both, the replayed first; a chosen live one takes the place of the one chosen there.

    Live ones of a level and budget for which nothing is chosen are left out: a policy would have to
    serve that budget with one that was not found to be better than best-of-N.
    """
    measured, added = list(replayed), list(live)
    taken = {(o.level, o.budget) for o in added if o.chosen}
    served = taken | {(o.level, o.budget) for o in measured if o.chosen}
    return (
        *(replace(o, chosen=o.chosen and (o.level, o.budget) not in taken) for o in measured),
        *(o for o in added if (o.level, o.budget) in served),
    )


def _evaluation(name: str, graded: Sequence[Graded]) -> _Evaluation:
    """Return the evaluation that ran one strategy.

    Raises:
        FitError: it ran none or several, one that there is not, or under several budgets.
    """
    thetas: list[Theta] = []
    for theta in (theta for run in graded for theta in run.plans):
        if theta not in thetas:
            thetas.append(theta)
    if not thetas:
        raise FitError(f"evaluation {name!r} ran no strategy: there was nothing after the pilots")
    if len(thetas) > 1 or any(len(run.plans) > 1 for run in graded):
        ran = ", ".join(str(theta) for theta in thetas)
        raise FitError(f"evaluation {name!r} mixed strategies, and an option is one: {ran}")
    try:
        strategy_from(thetas[0])
    except ValueError as exc:
        raise FitError(f"evaluation {name!r} ran what cannot be run again: {exc}") from exc
    budgets = {run.budget for run in graded if run.budget is not None}
    if len(budgets) != 1:
        raise FitError(f"evaluation {name!r} mixed budgets: {sorted(budgets)!r}")
    return _Evaluation(
        name=name,
        theta=thetas[0],
        budget=budgets.pop(),
        runs={run.question: run for run in graded},
    )


def _baselines(evaluations: Sequence[_Evaluation], named: str | None) -> dict[int, _Evaluation]:
    """Return best-of-N weighted, all at once, by budget.

    Raises:
        FitError: `named` is not among them, or there are several under one budget.
    """
    fitting = [evaluation for evaluation in evaluations if _is_baseline(evaluation.theta)]
    found = {evaluation.budget: evaluation for evaluation in fitting if evaluation.name == named}
    if named is not None and not found:
        raise FitError(f"{named!r} is none of the evaluations of best-of-N weighted")
    for evaluation in fitting:
        other = found.setdefault(evaluation.budget, evaluation)
        if other is not evaluation and other.name != named:
            raise FitError(
                f"evaluations {other.name!r} and {evaluation.name!r} are both best-of-N weighted"
                f" with {evaluation.budget} generations: give one of them"
            )
    return found


def _is_baseline(theta: Theta) -> bool:
    weighted = theta.get("selection", "weighted") == "weighted"
    return theta["name"] == "best_of_n" and weighted and theta.get("wave") is None


def _options(ours: _Evaluation, theirs: _Evaluation) -> list[Option]:
    both = [(run, theirs.runs[id_]) for id_, run in ours.runs.items() if id_ in theirs.runs]
    if not both:
        raise FitError(f"evaluations {ours.name!r} and {theirs.name!r} share no question")
    options: list[Option] = []
    for level in _LEVELS:
        if (found := measured_at(level, both)) is None:
            continue
        options.append(
            Option(
                level=level,
                budget=ours.budget,
                theta=ours.theta,
                outlay=found.outlay,
                gain=found.gain,
                gain_error=found.gain_error,
                questions=found.runs,
                source=ours.name,
            )
        )
    return options


def _choose(options: Sequence[Option]) -> list[Option]:
    """Return the options with at most one chosen for a level and budget."""
    best: dict[tuple[Level, int], Option] = {}
    for option in options:
        place = option.level, option.budget
        before = best.get(place)
        if option.gain > SURELY * option.gain_error and (
            before is None or _worth(option) > _worth(before)
        ):
            best[place] = option
    return [replace(o, chosen=o is best.get((o.level, o.budget))) for o in options]


def _worth(option: Option) -> tuple[float, float]:
    return option.gain, -option.outlay.tokens
