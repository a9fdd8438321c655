"""Parallel sampling, replayed: who leads after each total of samples, and where a rule would stop.

Majority: arXiv 2203.11171. Best-of-N weighted: arXiv 2408.03314, section 5.1. The early stop is that
of `algorithms/stopping.py` (arXiv 2305.11860), asked after the service's pilot and doubling waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..replay.decided import beta_decided
from ..replay.strategies import waves
from ..replay.tally import Leads
from .record import Bools, Floats, Ints, Record
from .runs import Runs

Vote = Literal["weighted", "majority"]
WAVE = 4
NEVER = np.iinfo(np.int64).max
"""When an answer was found that nothing has voted for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One kind of vote at K totals of samples; arrays (Q, R, K)."""

    totals: tuple[int, ...]
    right: Bools
    decided: Bools
    """Adaptive-Consistency's rule would stop here."""
    tokens: Floats
    verifier_tokens: Floats
    """0 for majority, which asks no verifier."""


def course_of(record: Record, vote: Vote, totals: Sequence[int]) -> Course:
    """Return the course of a vote; `totals` ascend, the last is at most the record's size."""
    questions, orders, _ = record.answers.shape
    groups = record.right.shape[1]
    rows = questions * orders
    answers = record.answers.reshape(rows, -1)
    weights = record.scores.reshape(rows, -1)
    sums = np.zeros((rows, groups + 1))
    found = np.full((rows, groups + 1), NEVER)
    right = np.empty((rows, len(totals)), dtype=np.bool_)
    first, second, total = (np.empty((rows, len(totals))) for _ in range(3))
    known = np.repeat(record.right, orders, axis=0)
    place, begin = np.arange(rows), 0
    for k, end in enumerate(totals):
        votes = answers[:, begin:end]
        weigh = weights[:, begin:end] if vote == "weighted" else np.ones(votes.shape)
        np.add.at(sums, (place[:, None], votes), np.where(votes < 0, 0.0, weigh))
        np.minimum.at(
            found, (place[:, None], votes), np.where(votes < 0, NEVER, np.arange(begin, end))
        )
        standing = sums[:, :groups].copy()
        leader = leaders_of(standing, found[:, :groups])
        first[:, k], total[:, k] = standing[place, leader], standing.sum(axis=1)
        right[:, k] = known[place, leader] & (found[place, leader] < NEVER)
        standing[place, leader] = 0.0
        second[:, k] = standing.max(axis=1)
        begin = end
    leads = Leads(leader=np.where(first > 0, 0, -1), first=first, second=second, total=total)
    shape = (questions, orders, len(totals))
    ends = np.asarray(totals) - 1
    return Course(
        totals=tuple(totals),
        right=right.reshape(shape),
        decided=beta_decided(leads).reshape(shape),
        tokens=record.tokens.cumsum(axis=2)[:, :, ends],
        verifier_tokens=record.read.cumsum(axis=2)[:, :, ends] * (vote == "weighted"),
    )


def leaders_of(standing: Floats, found: Ints) -> Ints:
    """Return the answer (rows,) with most weight in `standing` (rows, G); of ties, that found first."""
    most = standing.max(axis=1, keepdims=True)
    leaders: Ints = np.where(standing == most, found, NEVER).argmin(axis=1)
    return leaders


def totals_for(budgets: Sequence[int], pilot: int) -> tuple[int, ...]:
    """Return every total that the strategies here look at under these budgets."""
    return tuple(sorted({t for n in budgets for t in (*waves(n, pilot=pilot, wave=WAVE), n)}))


def whole_runs(course: Course, n: int, *, pilot: int) -> Runs:
    """Return runs that draw the pilot and then the rest of N at once."""
    at = course.totals.index(n)
    where = np.full(course.right.shape[:2], at, dtype=np.int64)
    return _runs(course, where, np.full(where.shape, 1.0 if n <= pilot else 2.0))


def stopped_runs(course: Course, n: int, *, pilot: int) -> Runs:
    """Return runs that draw at most N in doubling waves and stop once the vote is decided."""
    columns = np.array([course.totals.index(t) for t in waves(n, pilot=pilot, wave=WAVE)])
    stops = course.decided[:, :, columns]
    stops[:, :, -1] = True
    wave = stops.argmax(axis=2)
    return _runs(course, columns[wave], wave + 1.0)


def _runs(course: Course, at: Ints, rounds: Floats) -> Runs:
    def pick(values: Floats) -> Floats:
        return np.take_along_axis(values, at[:, :, None], axis=2)[:, :, 0]

    return Runs(
        right=pick(course.right.astype(np.float64)),
        generations=np.asarray(course.totals, dtype=np.float64)[at],
        tokens=pick(course.tokens),
        verifier_tokens=pick(course.verifier_tokens),
        rounds=rounds,
    )
