"""The paper's scheme: of each level and budget the strategy that did best on the other half.

Snell et al. 2024, arXiv 2408.03314, section 3.1 and appendix: difficulty in five bins, two-fold
cross-validation inside each. Two guards are ours. A strategy replaces best-of-N weighted only where it
is more accurate by two standard errors, or is the same vote, clearly cheaper and about as accurate; and what
was chosen for a budget stays for the next one unless something beats it by more than an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .menu import Dish, baseline, menu_for
from .record import Bools, Floats, Ints
from .runs import Runs, chosen, error_of, joined, mean_of

LEVELS = (1, 2, 3, 4, 5)
SURELY = 2.0
"""Standard errors by which one must be ahead: a dozen are compared, and one of them is lucky."""
CHEAPER = 0.9
"""Of best-of-N's tokens, verifier's too: what counts as clearly cheaper."""
Table = dict[tuple[int, int], Dish]
"""By level and budget."""


def fit_table(runs: Mapping[Dish, Runs], levels: Ints, budgets: Sequence[int]) -> Table:
    """Return what is best for each level (Q, R) and budget, on the runs given."""
    table: Table = {}
    for level in LEVELS:
        where = levels == level
        before: Dish | None = None
        for budget in sorted(budgets):
            base = runs[baseline(budget)]
            dishes = menu_for(budget, budgets)
            standing = _scaled(before, budget, budgets)
            before = _choose(runs, dishes, base, where, standing, budget)
            table[level, budget] = before
    return table


def allocate(
    runs: Mapping[Dish, Runs], levels: Ints, dishes: Sequence[Dish], price: float
) -> dict[int, Dish]:
    """Return for each level what gives most accuracy less `price` for each generation's tokens."""
    whole = [dish for dish in dishes if not dish.stops]
    unit = max(float(runs[dish].all_tokens.mean()) / dish.n for dish in whole)

    def value(dish: Dish, where: Bools) -> float:
        ran = runs[dish]
        accuracy, tokens = mean_of(ran.right, where), mean_of(ran.all_tokens, where)
        return accuracy - price * tokens / unit

    return {
        level: max(dishes, key=lambda dish: value(dish, levels == level))
        for level in LEVELS
        if (levels == level).any()
    }


def runs_by_level(
    runs: Mapping[Dish, Runs], levels: Ints, of_level: Mapping[int, Dish], other: Dish
) -> Runs:
    """Return runs that do at each level what `of_level` says, else `other`."""
    dishes = list(dict.fromkeys((*of_level.values(), other)))
    number = {level: dishes.index(of_level.get(level, other)) for level in LEVELS}
    return chosen([runs[dish] for dish in dishes], np.vectorize(number.__getitem__)(levels))


def crossed_table_runs(
    runs: Mapping[Dish, Runs], levels: Ints, folds: Ints, budget: int, budgets: Sequence[int]
) -> Runs:
    """Return what tables fitted on the one half give on the other, under one budget."""
    parts, places = [], []
    for fold in (0, 1):
        seen, unseen = np.nonzero(folds != fold)[0], np.nonzero(folds == fold)[0]
        table = fit_table({d: r.part(seen) for d, r in runs.items()}, levels[seen], budgets)
        mine = {level: table[level, budget] for level in LEVELS}
        held = {d: r.part(unseen) for d, r in runs.items()}
        parts.append(runs_by_level(held, levels[unseen], mine, baseline(budget)))
        places.append(unseen)
    return joined(parts, places, len(folds))


def crossed_allocations(
    runs: Mapping[Dish, Runs], levels: Ints, folds: Ints, prices: Sequence[float]
) -> list[Runs]:
    """Return what allocations at each price, fitted on the one half, give on the other."""
    dishes = list(runs)
    cheapest = min(dishes, key=lambda dish: dish.n)
    curve: list[Runs] = []
    for price in prices:
        parts, places = [], []
        for fold in (0, 1):
            seen, unseen = np.nonzero(folds != fold)[0], np.nonzero(folds == fold)[0]
            fitted = allocate(
                {d: r.part(seen) for d, r in runs.items()}, levels[seen], dishes, price
            )
            held = {d: r.part(unseen) for d, r in runs.items()}
            parts.append(runs_by_level(held, levels[unseen], fitted, cheapest))
            places.append(unseen)
        curve.append(joined(parts, places, len(folds)))
    return curve


def _choose(
    runs: Mapping[Dish, Runs],
    dishes: Sequence[Dish],
    base: Runs,
    where: Bools,
    before: Dish | None,
    budget: int,
) -> Dish:
    def gain(dish: Dish) -> float:
        return mean_of(_difference(runs[dish], base), where)

    def cost(dish: Dish) -> float:
        return mean_of(runs[dish].all_tokens, where)

    def error(dish: Dish) -> float:
        return error_of(_difference(runs[dish], base), where)

    better = [d for d in dishes if gain(d) > SURELY * error(d)]
    most = CHEAPER * mean_of(base.all_tokens, where)
    cheaper = [
        d for d in dishes if d.vote == "weighted" and cost(d) < most and gain(d) >= -error(d) / 4
    ]
    if better:
        best = max(better, key=lambda d: (gain(d), -cost(d)))
    elif cheaper:
        best = min(cheaper, key=cost)
    else:
        return baseline(budget)
    if before is not None and before in (*better, *cheaper) and before != best:
        lead = _difference(runs[best], runs[before])
        if mean_of(lead, where) <= error_of(lead, where) and cost(best) > CHEAPER * cost(before):
            return before
    return best


def _difference(ours: Runs, theirs: Runs) -> Floats:
    return ours.right - theirs.right


def _scaled(dish: Dish | None, budget: int, budgets: Sequence[int]) -> Dish | None:
    """Return the strategy chosen for the budget before with as many steps more as the budget has."""
    if dish is None:
        return None
    ordered = sorted(budgets)
    step = ordered.index(dish.n) + 1
    return Dish(
        vote=dish.vote, stops=dish.stops, n=min(budget, ordered[min(step, len(ordered) - 1)])
    )
