"""Means over questions, their bootstrap errors, and what an early stop saves at equal accuracy.

The bootstrap (Efron 1979) draws questions, not samples: one set of draws serves all strategies, so
differences between strategies are paired.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .ballots import Floats
from .outcome import COVERAGE, Outcome, Outcomes
from .strategies import REPLAYED

INTERVAL = (2.5, 97.5)
"""Percentiles of a 95% interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLevel:
    """Means over the questions of a level."""

    accuracy: float
    samples: float
    tokens: float
    """Generated."""
    verified_tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One strategy with one N; means over all questions."""

    strategy: str
    n: int
    accuracy: float
    """Share of right answers."""
    error: float
    """Its bootstrap standard error over questions."""
    noise: float
    """Its standard error over the orders that were replayed, the questions being fixed."""
    samples: float
    tokens: float
    """Generated."""
    verified_tokens: float
    """Read by the verifier, without the question's; 0 without one."""
    verified_steps: float
    levels: dict[str, OfLevel]
    """The same, by level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its paired 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What an early stop saves at the largest N, beside the same vote over all N samples."""

    strategy: str
    against: str
    n: int
    difference: Interval
    """Its accuracy less the other's."""
    within_error: bool
    """Whether the difference is at most one standard error of the other's accuracy."""
    samples: Interval
    """Share of the N samples that it did not draw."""
    tokens: Interval
    """Share of the generated tokens that it did not spend."""
    at_equal_accuracy: Interval
    """Share of samples saved beside the uniform N that has its accuracy, read off the other's
    curve, linear in log2 N and never falling; at most the largest N."""


def bootstrap_draws(questions: int, draws: int, seed: int) -> Floats:
    """Return (draws, questions): the weight of each question in each draw; rows sum to 1."""
    chance = np.random.default_rng([seed, questions])
    return chance.multinomial(questions, np.full(questions, 1 / questions), draws) / questions


def rows_of(
    outcomes: Sequence[Outcomes], groups: Mapping[str, Sequence[int]], draws: Floats
) -> list[Row]:
    """Return one row a strategy and N, in the order of the outcomes."""
    return [
        _row(name, n, [one[name, n] for one in outcomes], groups, draws)
        for name in _names(outcomes)
        for n in _budgets(outcomes)
    ]


def savings_of(outcomes: Sequence[Outcomes], draws: Floats) -> list[Saving]:
    """Return what each early stop saves at the largest N."""
    return [
        _saving(outcomes, name, against, draws)
        for name in _names(outcomes)
        if name != COVERAGE and (against := REPLAYED[name].against) is not None
    ]


def _names(outcomes: Sequence[Outcomes]) -> dict[str, None]:
    return dict.fromkeys(name for name, _ in outcomes[0])


def _budgets(outcomes: Sequence[Outcomes]) -> list[int]:
    return sorted({n for _, n in outcomes[0]})


def _row(
    name: str,
    n: int,
    cells: Sequence[Outcome],
    groups: Mapping[str, Sequence[int]],
    draws: Floats,
) -> Row:
    right = np.array([cell.right for cell in cells])
    return Row(
        strategy=name,
        n=n,
        accuracy=_mean(cell.right for cell in cells),
        error=float((draws @ right).std()),
        noise=math.sqrt(math.fsum(cell.noise for cell in cells)) / len(cells),
        samples=_mean(cell.samples for cell in cells),
        tokens=_mean(cell.tokens for cell in cells),
        verified_tokens=_mean(cell.verified_tokens for cell in cells),
        verified_steps=_mean(cell.verified_steps for cell in cells),
        levels={name: _of_level([cells[i] for i in places]) for name, places in groups.items()},
    )


def _of_level(cells: Sequence[Outcome]) -> OfLevel:
    return OfLevel(
        accuracy=_mean(cell.right for cell in cells),
        samples=_mean(cell.samples for cell in cells),
        tokens=_mean(cell.tokens for cell in cells),
        verified_tokens=_mean(cell.verified_tokens for cell in cells),
    )


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return math.fsum(held) / len(held)


def _saving(outcomes: Sequence[Outcomes], name: str, against: str, draws: Floats) -> Saving:
    budgets = _budgets(outcomes)
    n = budgets[-1]
    right = np.array([one[name, n].right for one in outcomes])
    curve = np.array([[one[against, k].right for k in budgets] for one in outcomes])
    samples = np.array([one[name, n].samples for one in outcomes])
    tokens = np.array([one[name, n].tokens for one in outcomes])
    full = np.array([one[against, n].tokens for one in outcomes])
    all_once = np.full((1, len(outcomes)), 1 / len(outcomes))

    def interval(values: Floats, drawn: Floats) -> Interval:
        low, high = np.percentile(drawn, INTERVAL)
        return Interval(value=float(values[0]), low=float(low), high=float(high))

    def equal(weights: Floats) -> Floats:
        needed = [
            uniform_n(budgets, accuracies, accuracy)
            for accuracies, accuracy in zip(weights @ curve, weights @ right, strict=True)
        ]
        saved: Floats = 1 - (weights @ samples) / np.array(needed)
        return saved

    difference = right - curve[:, -1]
    return Saving(
        strategy=name,
        against=against,
        n=n,
        difference=interval(all_once @ difference, draws @ difference),
        within_error=bool(abs(difference.mean()) <= (draws @ curve[:, -1]).std()),
        samples=interval(1 - all_once @ samples / n, 1 - draws @ samples / n),
        tokens=interval(
            1 - (all_once @ tokens) / (all_once @ full), 1 - (draws @ tokens) / (draws @ full)
        ),
        at_equal_accuracy=interval(equal(all_once), equal(draws)),
    )


def uniform_n(budgets: Sequence[int], accuracies: Floats, accuracy: float) -> float:
    """Return the least N at which a curve has `accuracy`; the largest where it never has.

    The curve is taken as never falling, and linear in log2 N between the budgets.
    """
    rising = np.maximum.accumulate(accuracies)
    at = int(np.searchsorted(rising, accuracy))
    if at == 0:
        return float(budgets[0])
    if at == len(budgets):
        return float(budgets[-1])
    share = (accuracy - rising[at - 1]) / (rising[at] - rising[at - 1])
    low, high = np.log2(budgets[at - 1]), np.log2(budgets[at])
    return float(2 ** (low + share * (high - low)))
