"""When a vote is decided.

Early-Stopping Self-Consistency (Li et al. 2024, arXiv 2401.10480, section 3): answers come in windows,
and a window in which all are equal ends the draw.

Adaptive-Consistency (Aggarwal et al. 2023, arXiv 2305.11860, section 3): with the two largest counts
a >= b, stop when P(p > 1/2) >= 0.95 for p ~ Beta(a + 1, b + 1). The counts may be sums of verifier
scores, so that agreement of answers the verifier doubts counts for less; with plain counts it is
the rule of the paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import mpmath

from ..candidate import Candidate

THRESHOLD = 0.95


def independent(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return one candidate for each answer of each first step, in the order given.

    The rule is for independent samples. Finals of a tree that share a beginning often say the same
    word for word, and four siblings that agree are no four witnesses.
    """
    first: dict[tuple[str, str | None], Candidate] = {}
    for candidate in candidates:
        root = candidate.steps[0].key if candidate.steps else candidate.key
        first.setdefault((root, candidate.answer_key), candidate)
    return list(first.values())


@lru_cache(maxsize=4096)
def leader_holds(a: float, b: float) -> float:
    """Return P(p > 1/2) for p ~ Beta(a + 1, b + 1), with `a` for the leader and `b` for the next."""
    return float(mpmath.betainc(a + 1, b + 1, 0.5, 1, regularized=True))


def is_decided(weights: Sequence[float], threshold: float = THRESHOLD) -> bool:
    """Say whether the heaviest group will keep its lead; `weights` are heaviest first."""
    if not weights:
        return False
    return leader_holds(weights[0], weights[1] if len(weights) > 1 else 0.0) >= threshold


def count_decided(answer_keys: Sequence[str | None], threshold: float = THRESHOLD) -> bool:
    """Say whether a plain count of these answers is decided; None is no answer."""
    counts = Counter(key for key in answer_keys if key is not None)
    return is_decided([float(count) for _, count in counts.most_common(2)], threshold)


def is_unanimous(answer_keys: Sequence[str | None], w: int) -> bool:
    """Say whether a window holds `w` answers, all equal; a sample without an answer dissents."""
    return len(answer_keys) == w and None not in answer_keys and len(set(answer_keys)) == 1
