"""From the scores of a solution's steps to the score of the solution.

arXiv 2408.03314, section 5.1: the last step's score beats the minimum and the product for verifiers
trained on soft values; the others are there for verifiers of step correctness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

Aggregation = Literal["last", "min", "product", "mean"]
AGGREGATIONS: dict[Aggregation, Callable[[Sequence[float]], float]] = {
    "last": lambda scores: scores[-1],
    "min": min,
    "product": math.prod,
    "mean": lambda scores: math.fsum(scores) / len(scores),
}
"""All take at least one score and return one in the same range."""
