"""What one strategy with one N gives on one question, and what it spends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .ballots import Ballots, Bools, Ints
from .tally import Orders

COVERAGE = "coverage"
"""The name of the share of subsets with a right answer in them, which no strategy can exceed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """One strategy with one N on one question: means over the orders."""

    right: float
    """P(the answer is right)."""
    noise: float
    """Variance of `right` that is left by the number of orders."""
    samples: float
    """Drawn."""
    tokens: float
    """Generated."""
    verified_tokens: float
    """Read by the verifier, without the question's; 0 without a verifier."""
    verified_steps: float
    """Scored by it."""


Outcomes = dict[tuple[str, int], Outcome]
"""By the strategy's name and N."""


class Spent:
    """What the first samples of each order cost."""

    def __init__(self, votes: Ballots, orders: Orders) -> None:
        self._tokens, self._verified, self._steps = (
            each[orders.samples].cumsum(axis=1)
            for each in (votes.tokens, votes.verified_tokens, votes.verified_steps)
        )

    def outcome(self, right: Bools, samples: Ints, verifier: bool) -> Outcome:
        """Return the means over orders that drew so many `samples` (R,)."""
        ends = samples[:, None] - 1

        def mean(sums: Ints) -> float:
            return float(np.take_along_axis(sums, ends, axis=1).mean())

        share = float(right.mean())
        return Outcome(
            right=share,
            noise=share * (1 - share) / len(right),
            samples=float(samples.mean()),
            tokens=mean(self._tokens),
            verified_tokens=mean(self._verified) if verifier else 0.0,
            verified_steps=mean(self._steps) if verifier else 0.0,
        )


def coverage(n: int, right: int, subset: int) -> float:
    """Return P(a random subset of `n` samples, `right` of them right, holds a right one).

    Chen et al. 2021, arXiv 2107.03374, section 2.1 (pass@k).
    """
    return 1.0 - math.comb(n - right, subset) / math.comb(n, subset)


def coverage_of(votes: Ballots, n: int) -> Outcome:
    """Return what a selection that is never wrong would give."""
    return Outcome(
        right=coverage(votes.n, int(votes.right.sum()), n),
        noise=0.0,
        samples=n,
        tokens=n * float(votes.tokens.mean()),
        verified_tokens=0.0,
        verified_steps=0.0,
    )
