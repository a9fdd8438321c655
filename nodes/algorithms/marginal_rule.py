"""What more samples of a question are worth, after every wave: the rule of `marginal_gain.py` in arrays.

The weights of a vote are sums of verifier scores. Expected gain in P(right) of the generation after
n is `gain` / n, the slope of an accuracy that rises with log n, as best-of-N's does (arXiv 2408.03314,
section 5.3), and 0 once the leading answer is sure; more is drawn while that is at least the price. A
beginning that the verifier rates low beside what already stands could hardly change the vote, so it
is not finished (speculative rejection, arXiv 2410.20290, with a bar that rises with the leader). Trend
beside level of the vote: the lesson of arXiv 2605.08083.

All functions take and return arrays of one shape, so that a replay asks for many votes at once and
a run for one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MOST_BAR = 0.5
"""No bar is above it: the verifier gives what it rates even."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The numbers, found by search over recorded samples (`learning/search_controller.py`)."""

    gain: float = 0.04
    """Expected gain in P(right) of the second sample, falling as 1 / n."""
    share: float = 0.65
    """The leader is sure with at least so much of all weight,"""
    weight: float = 0.9
    """and at least this weight."""
    trend: float = 0.0
    """How much of the share's rise since the last wave counts on top of it."""
    floor: float = 0.01
    """Beginnings that score less are cut,"""
    slope: float = 0.07
    """and those that score less than this part of the leader's weight;"""
    scarce: float = 0.25
    """but none, and none is scored, where a smaller share than this of those so far would be."""


def is_sure(rule: Rule, weight: Floats, total: Floats, before: Floats) -> Bools:
    """Say whether leaders of this weight, of this total weight, are sure.

    `before` is the leader's share after the last wave, nan where there was none.
    """
    share = weight / np.maximum(total, 1e-9)
    rise = np.where(np.isnan(before), 0.0, share - before)
    return (weight >= rule.weight) & (share + rule.trend * rise >= rule.share)


def bar(rule: Rule, weight: Floats) -> Floats:
    """Return the score below which a beginning is not promising beside leaders of this weight."""
    return np.minimum(np.maximum(rule.floor, rule.slope * weight), MOST_BAR)


def worth(rule: Rule, price: float, most: int) -> int:
    """Return the total of samples beyond which one more is not worth `price`; at most `most`."""
    if price <= 0:
        return most
    paying = rule.gain / price * (1 + 1e-9)  # gain / 55 buys 55, not 54
    return max(int(min(paying, most)), 1)


def next_total(total: int, most: int) -> int:
    """Return the samples after the next wave: 4, 6, 8, 12, 16, 24, 32, 48, 64 and so on.

    Small waves stop in time, growing ones keep the number of requests logarithmic.
    """
    return min(most, total + max(2, 1 << max(total.bit_length() - 2, 0)))
