"""When a vote is decided.

Adaptive-Consistency (Aggarwal et al. 2023, arXiv 2305.11860, section 3): with the two largest counts
a >= b, stop when P(p > 1/2) >= 0.95 for p ~ Beta(a + 1, b + 1). The counts may be sums of verifier
scores, so that agreement of answers the verifier doubts counts for less; with plain counts it is
the rule of the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import mpmath

THRESHOLD = 0.95


@lru_cache(maxsize=4096)
def leader_holds(a: float, b: float) -> float:
    """Return P(p > 1/2) for p ~ Beta(a + 1, b + 1), with `a` for the leader and `b` for the next."""
    return float(mpmath.betainc(a + 1, b + 1, 0.5, 1, regularized=True))


def is_decided(weights: Sequence[float]) -> bool:
    """Say whether the heaviest group will keep its lead; `weights` are heaviest first."""
    if not weights:
        return False
    return leader_holds(weights[0], weights[1] if len(weights) > 1 else 0.0) >= THRESHOLD
