"""Puts a policy together from what a fit found and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..algorithms.marginal_gain import MarginalGain
from ..algorithms.marginal_rule import Rule
from ..algorithms.registry import JsonScalar, numbers_of
from ..difficulty.base import Level
from ..policy.document import Dial, Familiar, FittedOn, Option, PolicyDocument, Scope
from ..replay.pool import Pool
from ..replay.reading import Reading
from .compare import Versus, versus
from .fit_confidence import fit_confidence
from .halves import SEARCH_ORDERS, Halves, Plot, find_rule, fit_model
from .levels import LEVELS, fit_table
from .menu import Dish, baseline
from .record import record_of
from .runs import Runs, error_of, mean_of, outlay_of

CEILINGS = (1.0, 0.75, 0.5, 0.375, 0.25)
"""Parts of a budget at which the dial is measured: the price that ends a run there."""


def document_of(
    pools: Sequence[Pool],
    readings: Sequence[Reading],
    halves: Halves,
    runs: Mapping[Dish, Runs],
    *,
    name: str,
    scope: Scope,
    made: str,
    plot: Plot,
) -> PolicyDocument:
    """Return the policy fitted on all readings; what it says of itself was measured by halves.

    Raises:
        FitError: there is too little to learn from, or scikit-learn is not installed.
    """
    rule = find_rule(record_of(readings, orders=SEARCH_ORDERS, seed=plot.seed + 1), plot)
    spread = halves.probabilities
    return PolicyDocument(
        name=name,
        scope=scope,
        made=made,
        seed=plot.seed,
        fitted_on=tuple(
            FittedOn(
                name=pool.name, sha256=pool.sha256, questions=len(pool.questions), samples=pool.size
            )
            for pool in pools
        ),
        difficulty=fit_model(readings, plot),
        confidence=fit_confidence(readings, seed=plot.seed),
        options=tuple(_options(halves, runs, plot)),
        controller=_numbers(rule),
        dials=tuple(_dials(halves, runs, rule, plot)),
        familiar=Familiar(
            questions=len(readings),
            probability_mean=float(spread.mean()),
            probability_deviation=float(spread.std()),
        ),
        notes=(
            (
                "Dials and scores of models are two-fold: measured on questions unseen there. Of the"
                " options only the levels are; what is chosen is chosen on what is shown."
            ),
            "Tokens of the verifier count what it reads again; a question's are an estimate.",
        ),
    )


def _numbers(rule: Rule) -> dict[str, JsonScalar]:
    """Return the controller's numbers but those that the run sets."""
    given = {name: getattr(rule, name) for name in Rule.__dataclass_fields__}
    numbers = numbers_of(MarginalGain(n=1, **given))
    return {name: value for name, value in numbers.items() if name not in ("n", "price")}


def _options(halves: Halves, runs: Mapping[Dish, Runs], plot: Plot) -> list[Option]:
    table = fit_table(runs, halves.predicted, plot.budgets)
    options: list[Option] = []
    for level in LEVELS:
        where = halves.predicted == level
        for budget in plot.budgets:
            base = runs[baseline(budget)]
            for dish, ran in runs.items():
                if dish.n != budget and dish != table[level, budget]:
                    continue
                options.append(
                    Option(
                        level=_level(level),
                        budget=budget,
                        theta=dish.theta(plot.pilot),
                        outlay=outlay_of(ran, where),
                        gain=mean_of(ran.right - base.right, where),
                        gain_error=error_of(ran.right - base.right, where),
                        questions=int(where.any(axis=1).sum()),
                        chosen=dish == table[level, budget],
                    )
                )
    return options


def _level(number: int) -> Level:
    levels: dict[int, Level] = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}
    return levels[number]


def _dials(halves: Halves, runs: Mapping[Dish, Runs], rule: Rule, plot: Plot) -> list[Dial]:
    """Return the prices that end a run at parts of each budget, dearest first."""
    dials: list[Dial] = []
    for budget in plot.budgets:
        measured: list[tuple[float, Runs, Versus]] = []
        for n in sorted({max(int(budget * ceiling), plot.pilot) for ceiling in CEILINGS}):
            ran = halves.controller(0.0, n, plot.pilot)
            held = versus(ran, runs[baseline(budget)], draws=plot.draws, seed=plot.seed)
            measured.append((0.0 if n == budget else rule.gain / n, ran, held))
        good = [m for m in measured if m[2].difference.value >= -m[2].error]
        best = good[0] if good else measured[-1]
        dials.extend(
            Dial(
                price=price,
                budget=budget,
                outlay=outlay_of(ran),
                gain=held.difference.value,
                gain_error=held.error,
                chosen=price == best[0],
            )
            for price, ran, held in measured
        )
    return dials
