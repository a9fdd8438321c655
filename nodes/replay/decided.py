"""When votes are decided, for many votes at once: the rules of `algorithms/stopping.py` in arrays.

P(p > 1/2) of Adaptive-Consistency grows with the leader's weight and falls with the next one's. So the
least weight that decides is tabulated once, a little below and a little above; only votes between
the two are computed, by `is_decided` itself, and the outcome is exact.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..algorithms.stopping import is_decided
from .ballots import Bools
from .tally import Leads, Orders

FINE = 4
"""Table entries for each unit of the next one's weight."""
CLOSE = 1 / 1024
"""How close the two sides of an entry are."""


def beta_decided(leads: Leads) -> Bools:
    """Return (R, K): whether the leader will keep its lead (Adaptive-Consistency)."""
    a, b = leads.first, leads.second
    below = np.floor(b * FINE).astype(np.int64)
    whole = below == b * FINE
    table = np.array([least_lead(i) for i in range(int(below.max(initial=0)) + 2)])
    sure = a >= np.where(whole, table[below, 1], table[below + 1, 1])
    open_ = a < table[below, 0]
    votes = leads.leader >= 0
    result: Bools = sure & votes
    for row, column in zip(*np.nonzero(~sure & ~open_ & votes), strict=True):
        result[row, column] = is_decided([float(a[row, column]), float(b[row, column])])
    return result


def half_decided(leads: Leads) -> Bools:
    """Return (R, K): whether the leader holds half of all weight, and weighs at least 0.5."""
    return (leads.first >= 0.5) & (2 * leads.first >= leads.total) & (leads.leader >= 0)


def window_unanimous(orders: Orders, totals: tuple[int, ...], w: int) -> Bools:
    """Return (R, K): whether the last `w` samples of each total are one answer (ESC).

    Windows follow one another, so one that begins at no multiple of `w` is none.
    """
    result = np.zeros((len(orders.labels), len(totals)), dtype=np.bool_)
    for column, total in enumerate(totals):
        if total % w == 0:
            window = orders.labels[:, total - w : total]
            result[:, column] = (window == window[:, :1]).all(axis=1) & (window[:, 0] >= 0)
    return result


@lru_cache(maxsize=4096)
def least_lead(i: int) -> tuple[float, float]:
    """Return weights of a leader that do not and do decide against i / FINE, `CLOSE` together."""
    b = i / FINE
    low, high = b, b + 1.0
    while not is_decided([high, b]):
        low, high = high, high + (high - b)
    while high - low > CLOSE:
        middle = (low + high) / 2
        low, high = (low, middle) if is_decided([middle, b]) else (middle, high)
    return low, high
