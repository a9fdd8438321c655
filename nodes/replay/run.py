"""Replays all strategies on one question, and on a pool.

A random order of the recorded samples stands for one run: its first N are what a run with a budget of N
draws, so all strategies and all N see the same chance. Coverage is an exact expectation over all
subsets, and with N = 1 it is pass@1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from .ballots import Ballots, Bools, Ints, Weighing
from .decided import beta_decided, half_decided, window_unanimous
from .outcome import COVERAGE, Outcomes, Spent, coverage_of
from .strategies import REPLAYED, WINDOW, Replayed, Stop
from .tally import Leads, Orders, best_answers, count_leads, random_orders


def budgets(size: int) -> tuple[int, ...]:
    """Return 1, 2, 4 ... and the size itself."""
    return (*(1 << i for i in range(size.bit_length()) if 1 << i < size), size)


def replay_pool(
    ballots: Sequence[Ballots], ids: Sequence[str], *, size: int, subsets: int, seed: int
) -> Iterator[Outcomes]:
    """Yield the outcomes of each question, in their order.

    A question's chance hangs on the seed and its id alone, not on the questions beside it.
    """
    strategies = available(ballots)
    for votes, id_ in zip(ballots, ids, strict=True):
        chance = np.random.default_rng([seed, zlib.crc32(id_.encode())])
        yield replay_question(
            votes, random_orders(votes.answers, subsets, chance), size, strategies
        )


def available(ballots: Sequence[Ballots]) -> tuple[Replayed, ...]:
    """Return the strategies whose weights are recorded for a sample at least."""
    return tuple(
        strategy
        for strategy in REPLAYED.values()
        if strategy.weights is None
        or any(not np.isnan(votes.weights[strategy.weights]).all() for votes in ballots)
    )


def replay_question(
    votes: Ballots, orders: Orders, size: int, strategies: Sequence[Replayed]
) -> Outcomes:
    """Return what each strategy gives with each N up to `size`."""
    found: Outcomes = {}
    spent = Spent(votes, orders)
    of_answer = np.append(_right_of(votes), False)  # -1, no answer, is wrong
    leads = _LeadsOnce(votes, orders, size, strategies)
    for n in budgets(size):
        found[COVERAGE, n] = coverage_of(votes, n)
        for strategy in strategies:
            totals = strategy.rounds(n)
            answers = leads.answers(strategy, totals)
            ended = _ended(strategy, totals, leads, orders)
            right = of_answer[np.take_along_axis(answers, ended[:, None], axis=1)[:, 0]]
            found[strategy.name, n] = spent.outcome(
                right, np.asarray(totals)[ended], strategy.verifier
            )
    return found


def _ended(strategy: Replayed, totals: tuple[int, ...], leads: _LeadsOnce, orders: Orders) -> Ints:
    """Return (R,): the round, from 0, after which each order stops."""
    last = len(totals) - 1
    if strategy.stop is None or last == 0:
        return np.full(len(orders.samples), last)
    if strategy.stop == "unanimous":
        stops = window_unanimous(orders, totals, WINDOW)
    else:
        stops = leads.stops(strategy, strategy.stop, totals)
    open_ = ~stops[:, :last].any(axis=1)
    return np.where(open_, last, stops.argmax(axis=1)).astype(np.int64)


class _LeadsOnce:
    """The leads of each kind of vote, counted once at all totals that any N asks about."""

    def __init__(
        self, votes: Ballots, orders: Orders, size: int, strategies: Sequence[Replayed]
    ) -> None:
        self._votes, self._orders = votes, orders
        self._few = sorted({t for s in strategies if s.weights for t in _asked(s, size)})
        self._all = sorted({t for s in strategies for t in _asked(s, size)})
        self._leads: dict[Weighing | None, Leads] = {}
        self._best: dict[Weighing, Ints] = {}
        self._stops: dict[tuple[Weighing | None, Stop], Bools] = {}

    def answers(self, strategy: Replayed, totals: tuple[int, ...]) -> Ints:
        """Return (R, K): the answer after each total."""
        columns = self._columns(strategy, totals)
        if not strategy.best or strategy.weights is None:
            return self._counted(strategy.weights).leader[:, columns]
        if strategy.weights not in self._best:
            weights = self._votes.weights[strategy.weights]
            self._best[strategy.weights] = best_answers(weights, self._orders, self._few)
        return self._best[strategy.weights][:, columns]

    def stops(self, strategy: Replayed, stop: Stop, totals: tuple[int, ...]) -> Bools:
        """Return (R, K): whether a rule on the weights ends the draw after each total."""
        key = strategy.weights, stop
        if key not in self._stops:
            rule = half_decided if stop == "half" else beta_decided
            self._stops[key] = rule(self._counted(strategy.weights))
        return self._stops[key][:, self._columns(strategy, totals)]

    def _counted(self, weights: Weighing | None) -> Leads:
        if weights not in self._leads:
            votes = None if weights is None else self._votes.weights[weights]
            self._leads[weights] = count_leads(votes, self._orders, self._totals(weights))
        return self._leads[weights]

    def _totals(self, weights: Weighing | None) -> Sequence[int]:
        """Return the totals at which a vote is counted; only plain counts are asked at each."""
        return self._all if weights is None else self._few

    def _columns(self, strategy: Replayed, totals: tuple[int, ...]) -> Ints:
        return np.searchsorted(self._totals(strategy.weights), totals)


def _asked(strategy: Replayed, size: int) -> set[int]:
    return {total for n in budgets(size) for total in strategy.rounds(n)}


def _right_of(votes: Ballots) -> Bools:
    """Return (G,): whether each answer is right, by most of its samples.

    Equal answers are right together, save where a record was graded sample by sample.
    """
    voting = votes.answers >= 0
    groups = int(votes.answers.max(initial=-1)) + 1
    rights = np.bincount(votes.answers[voting], votes.right[voting], groups)
    return 2 * rights > np.bincount(votes.answers[voting], minlength=groups)
