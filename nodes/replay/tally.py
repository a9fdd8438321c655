"""Counts the votes of many orders of the same samples at once.

Holds what `algorithms/selection.py` and `algorithms/stopping.py` hold, in arrays: a tie goes to the
answer found first, a sample without a weight weighs nothing, and where no voting sample so far has one
the count decides. A property test holds both to be equal. Shapes: R orders, n samples, K totals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..algorithms.stopping import THRESHOLD, leader_holds
from .ballots import Bools, Floats, Ints

FINE = 4
"""Places a unit of weight at which the stopping rule's threshold is tabulated."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leads:
    """Who leads after each of K totals of samples, in each of R orders."""

    leader: Ints
    """(R, K) the leading answer; -1 where nothing votes."""
    first: Floats
    """(R, K) its weight."""
    second: Floats
    """(R, K) the next one's; 0 where there is none."""
    total: Floats
    """(R, K) of all answers."""


def random_orders(chance: np.random.Generator, n: int, orders: int) -> Ints:
    """Return (R, n): each row an order of n samples."""
    return chance.permuted(np.tile(np.arange(n), (orders, 1)), axis=1)


def count_leads(answers: Ints, weights: Floats | None, orders: Ints, totals: Sequence[int]) -> Leads:
    """Return the leads of a vote in which equal answers add their weights; None counts each as 1.

    `answers` and `weights` are (n,); nan is no weight. `totals` ascend.
    """
    voting = answers >= 0
    counted = _sums(answers, voting.astype(np.float64), orders, totals)
    if weights is None:
        return counted
    weighed = voting & ~np.isnan(weights)
    summed = _sums(answers, np.where(weighed, weights, 0.0), orders, totals)
    if weighed.sum() == voting.sum():
        return summed
    ends = np.asarray(totals) - 1
    some = np.cumsum(weighed[orders], axis=1)[:, ends] > 0
    return Leads(
        leader=np.where(some, summed.leader, counted.leader),
        first=np.where(some, summed.first, counted.first),
        second=np.where(some, summed.second, counted.second),
        total=np.where(some, summed.total, counted.total),
    )


def best_right(
    answers: Ints, right: Bools, weights: Floats, orders: Ints, totals: Sequence[int]
) -> Bools:
    """Return (R, K): whether the voting sample with the largest weight so far is right.

    A tie goes to the answer found first.
    """
    leads = count_leads(answers, None, orders, totals)
    of_answer = _right_of(answers, right)
    voting = answers >= 0
    weighed = voting & ~np.isnan(weights)
    best = np.full(int(answers.max(initial=-1)) + 2, -np.inf)
    winners = np.empty((len(orders), len(totals)), dtype=np.int64)
    found_first, n = _found_first(answers, orders), answers.shape[0]
    values = np.where(weighed, weights, np.where(voting, 0.0, -np.inf))[orders]
    highest = np.maximum.accumulate(values, axis=1)
    del best
    for column, total in enumerate(totals):
        tied = (values[:, :total] == highest[:, total - 1, None]) & voting[orders[:, :total]]
        places = np.where(
            tied, np.take_along_axis(found_first, answers[orders[:, :total]], axis=1), n
        )
        at = places.argmin(axis=1)
        winners[:, column] = answers[orders[np.arange(len(orders)), at]]
    some = np.cumsum(weighed[orders], axis=1)[:, np.asarray(totals) - 1] > 0
    leader = np.where(leads.leader < 0, -1, np.where(some, winners, leads.leader))
    return of_answer[leader]
