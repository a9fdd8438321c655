"""Finds the numbers of the controller by search over recorded samples: no model is called.

The search is the cross-entropy method (Rubinstein 1999): candidates drawn from a normal distribution,
the best part of them moves it. What is returned is the mean of the best and not the single best one:
with a few hundred questions the best of many candidates is mostly lucky. A candidate is worth the
mean, over prices, of log2 of the compute that best-of-N weighted needs for the same accuracy, less log2
of its own compute (generated and verifier tokens). Best-of-N's accuracy is taken as a square in log N,
so that no candidate wins by a kink of a few questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..algorithms.marginal_rule import Rule
from .controller_replay import replay_controller
from .courses import course_of, whole_runs
from .record import Floats, Record

_PRIOR: dict[str, tuple[float, float, float, float]] = {
    "share": (0.65, 0.15, 0.4, 0.95),
    "weight": (0.9, 0.6, 0.2, 3.0),
    "trend": (0.0, 0.4, -1.0, 1.0),
    "floor": (math.log(0.01), 0.8, math.log(0.001), math.log(0.05)),
    "slope": (math.log(0.07), 0.8, math.log(0.002), math.log(0.4)),
}
"""Mean, deviation and bounds of the first candidates; of the bars in logs."""
_LOGS = ("floor", "slope")
CEILINGS = (1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125)
"""Parts of all samples at which candidates are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a search."""

    rule: Rule
    worth: float
    """On the questions it was found on: log2 of compute saved, mean over prices."""
    candidates: int
    """Tried."""


def fit_gain(record: Record) -> float:
    """Return the gain in P(right) of best-of-N weighted for each unit of ln N, from 4 samples on."""
    totals = _doublings(record.size)
    accuracies = course_of(record, "weighted", totals).right.mean(axis=(0, 1))
    return max(float(np.polyfit(np.log(totals), accuracies, 1)[0]), 1e-4)


def search_controller(
    record: Record,
    *,
    pilot: int,
    seed: int,
    trend: bool = False,
    candidates: int = 64,
    elite: int = 12,
    generations: int = 2,
    told: Callable[[int], None] = lambda _: None,
) -> Found:
    """Return the rule found; `told` is called with the number of candidates tried so far."""
    chance = np.random.default_rng(seed)
    baseline = Baseline.of(record, pilot)
    gain = fit_gain(record)
    prior = np.array(list(_PRIOR.values()))
    mean, deviation = prior[:, 0].copy(), prior[:, 1].copy()
    if not trend:
        deviation[list(_PRIOR).index("trend")] = 0.0
    for generation in range(generations):
        drawn = chance.normal(mean, deviation, (candidates, len(mean)))
        drawn = drawn.clip(prior[:, 2], prior[:, 3])
        worths: list[float] = []
        for candidate in drawn:
            worths.append(baseline.worth(record, _rule(candidate, gain)))
            told(generation * candidates + len(worths))
        best = drawn[np.argsort(worths)[::-1][:elite]]
        mean, deviation = best.mean(axis=0), best.std(axis=0)
    rule = _rule(mean, gain)
    return Found(rule=rule, worth=baseline.worth(record, rule), candidates=candidates * generations)


def _rule(numbers: Floats, gain: float) -> Rule:
    given = {
        name: float(math.exp(x) if name in _LOGS else x)
        for name, x in zip(_PRIOR, numbers, strict=True)
    }
    return replace(Rule(), gain=gain, **given)


def _doublings(size: int) -> list[int]:
    return [n for n in (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256) if n <= size]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """Best-of-N weighted on a record, smoothed: what candidates are held against."""

    pilot: int
    log_accuracy: tuple[float, ...]
    """Coefficients of accuracy in log2 N, highest power first."""
    log_n: Floats
    log_tokens: Floats
    """log2 of all tokens at each N."""

    @classmethod
    def of(cls, record: Record, pilot: int) -> Baseline:
        """Measure it."""
        totals = _doublings(record.size)
        course = course_of(record, "weighted", totals)
        runs = [whole_runs(course, n, pilot=pilot) for n in totals]
        accuracies = [float(r.right.mean()) for r in runs]
        log_n = np.log2(totals)
        degree = min(2, len(totals) - 1)
        return cls(
            pilot=pilot,
            log_accuracy=tuple(np.polyfit(log_n, accuracies, degree)),
            log_n=log_n,
            log_tokens=np.log2([float(r.all_tokens.mean()) for r in runs]),
        )

    def worth(self, record: Record, rule: Rule, ceilings: Sequence[float] = CEILINGS) -> float:
        """Return log2 of the compute that a rule saves at equal accuracy, mean over ceilings."""
        fine = np.linspace(self.log_n[0], self.log_n[-1] + 0.5, 256)
        rising = np.maximum.accumulate(np.polyval(self.log_accuracy, fine))
        saved = []
        for ceiling in ceilings:
            n = int(record.size * ceiling)
            if n <= self.pilot:
                continue
            runs = replay_controller(record, rule, 0.0, n=n, pilot=self.pilot)
            equal = np.interp(float(runs.right.mean()), rising, fine)
            spent = np.log2(float(runs.all_tokens.mean()))
            saved.append(equal - np.interp(spent, self.log_tokens, self.log_n))
        return float(np.mean(saved))
