"""Counts the votes of many orders of the same samples at once.

Holds what `algorithms/selection.py` holds, in arrays: a tie goes to the answer found first, a sample
without a weight weighs nothing, and where no voting sample so far has one the count decides. A
property test holds both to be equal. Shapes: n samples, R orders, G answers, K totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .ballots import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orders:
    """Orders in which the samples of one question might have been drawn."""

    samples: Ints
    """(R, n) the samples of each order."""
    labels: Ints
    """(R, n) the answer of each, numbered in each order by when it was found; -1 is no vote."""
    answers: Ints
    """(R, G) the answer that each label stands for."""


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


def random_orders(answers: Ints, orders: int, chance: np.random.Generator) -> Orders:
    """Return random orders; the first N of each are a random subset of N."""
    n = len(answers)
    return orders_of(answers, chance.permuted(np.tile(np.arange(n), (orders, 1)), axis=1))


def orders_of(answers: Ints, samples: Ints) -> Orders:
    """Return these orders (R, n) of samples with answers (n,)."""
    rows, n = samples.shape
    groups = int(answers.max(initial=-1)) + 1
    ordered = answers[samples]
    found = np.full((rows, groups + 1), n)  # the last column takes what does not vote
    np.minimum.at(found, (np.arange(rows)[:, None], ordered), np.arange(n)[None, :])
    by_label = found[:, :groups].argsort(axis=1, kind="stable")
    label_of = np.full((rows, groups + 1), -1)
    np.put_along_axis(label_of, by_label, np.arange(groups)[None, :], axis=1)
    labels = np.take_along_axis(label_of, np.where(ordered < 0, groups, ordered), axis=1)
    return Orders(samples=samples, labels=labels, answers=by_label)


def count_leads(weights: Floats | None, orders: Orders, totals: Sequence[int]) -> Leads:
    """Return the leads of a vote in which equal answers add their weights; None counts each as 1.

    `weights` are (n,), nan is none. `totals` ascend.
    """
    voting = orders.labels >= 0
    if weights is None:
        return _leads(voting.astype(np.float64), orders, totals)
    ordered = weights[orders.samples]
    weighed = voting & ~np.isnan(ordered)
    summed = _leads(np.where(weighed, ordered, 0.0), orders, totals)
    if weighed.sum() == voting.sum():
        return summed
    counted = _leads(voting.astype(np.float64), orders, totals)
    some = _any_so_far(weighed, totals)
    return Leads(
        leader=np.where(some, summed.leader, counted.leader),
        first=np.where(some, summed.first, counted.first),
        second=np.where(some, summed.second, counted.second),
        total=np.where(some, summed.total, counted.total),
    )


def best_answers(weights: Floats, orders: Orders, totals: Sequence[int]) -> Ints:
    """Return (R, K): the answer of the voting sample with the largest weight; -1 where none votes.

    `weights` are (n,), nan is none.
    """
    voting = orders.labels >= 0
    ordered = weights[orders.samples]
    weighed = voting & ~np.isnan(ordered)
    values = np.where(weighed, ordered, np.where(voting, 0.0, -np.inf))
    none = orders.answers.shape[1]
    labels = np.where(voting, orders.labels, none)
    best = np.empty((len(labels), len(totals)), dtype=np.int64)
    for column, total in enumerate(totals):
        part = values[:, :total]
        tied = part == part.max(axis=1, keepdims=True)
        best[:, column] = np.where(tied, labels[:, :total], none).min(axis=1)
    answers = _answers(orders, np.where(best == none, -1, best))
    some = _any_so_far(weighed, totals)
    return (
        answers if some.all() else np.where(some, answers, count_leads(None, orders, totals).leader)
    )


def _leads(ordered: Floats, orders: Orders, totals: Sequence[int]) -> Leads:
    """Return the leads where the samples weigh `ordered` (R, n), 0 where they do not vote."""
    rows, n = ordered.shape
    groups, columns = max(orders.answers.shape[1], 1), len(totals)
    ends = np.asarray(totals)
    wave = np.searchsorted(ends, np.arange(n), side="right")  # the first total that counts it
    cells = (np.arange(rows)[:, None] * (columns + 1) + wave[None, :]) * groups
    cells = cells + np.maximum(orders.labels, 0)
    sums = np.bincount(cells.ravel(), ordered.ravel(), rows * (columns + 1) * groups)
    sums = sums.reshape(rows, columns + 1, groups)[:, :columns].cumsum(axis=1)
    lead = sums.argmax(axis=2)
    first = sums.max(axis=2)
    total = sums.sum(axis=2)
    np.put_along_axis(sums, lead[..., None], 0.0, axis=2)
    votes = _any_so_far(orders.labels >= 0, totals)
    return Leads(
        leader=_answers(orders, np.where(votes, lead, -1)),
        first=first,
        second=sums.max(axis=2),
        total=total,
    )


def _answers(orders: Orders, labels: Ints) -> Ints:
    """Return the answers that labels (R, K) stand for; -1 stays."""
    if orders.answers.shape[1] == 0:
        return labels
    return np.where(
        labels < 0, -1, np.take_along_axis(orders.answers, np.maximum(labels, 0), axis=1)
    )


def _any_so_far(marks: Bools, totals: Sequence[int]) -> Bools:
    """Return (R, K): whether any of the first samples is marked."""
    return np.logical_or.accumulate(marks, axis=1)[:, np.asarray(totals) - 1]
