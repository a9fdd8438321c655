"""Draws places in proportion to weights, with the chance that is given."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

Resampling = Literal["multinomial", "systematic"]
_SMALLEST = 2.0**-52


def logit(score: float) -> float:
    """Return the log-odds of a score in [0, 1], which is first moved off 0 and 1."""
    inside = min(max(score, _SMALLEST), 1.0 - _SMALLEST)
    return math.log(inside) - math.log1p(-inside)


def softmax(values: Sequence[float], temperature: float = 1.0) -> list[float]:
    """Return weights that sum to 1, in proportion to exp(value / temperature)."""
    most = max(values)
    raw = [math.exp((value - most) / temperature) for value in values]
    total = math.fsum(raw)
    return [one / total for one in raw]


def resample(
    weights: Sequence[float], n: int, rng: random.Random, resampling: Resampling
) -> list[int]:
    """Return how many of `n` draws fall on each of `weights`, which sum to 1.

    Multinomial: n independent draws. Systematic: one draw, and n points at equal distances.
    """
    if resampling == "multinomial":
        points = sorted(rng.random() for _ in range(n))
    else:
        start = rng.random()
        points = [(start + i) / n for i in range(n)]
    counts = [0] * len(weights)
    ends = list(accumulate(weights))
    place = 0
    for point in points:
        while place < len(ends) - 1 and point >= ends[place]:
            place += 1
        counts[place] += 1
    return counts
