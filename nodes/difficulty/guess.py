"""A guess from a few samples, where no model was fitted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ..candidate import Candidate
from .base import Difficulty, level_of


def guess_difficulty(candidates: Sequence[Candidate]) -> Difficulty:
    """Guess from samples, at least one, without a fitted model.

    Agreement is the share of the other samples that give the leading answer; where a verifier
    scored the whole ones, its mean counts as much. Neither is calibrated.
    """
    counts = Counter(c.answer_key for c in candidates if c.votes)
    leader = max(counts.values(), default=0)
    others = len(candidates) - 1
    agreement = max(leader - 1, 0) / others if others else 0.0
    scores = [c.score for c in candidates if c.score is not None]
    if not scores:
        return _difficulty(agreement, "pilot agreement", len(candidates))
    mean = math.fsum(scores) / len(candidates)
    if not others:
        return _difficulty(mean, "verifier mean of one sample", 1)
    return _difficulty(
        (agreement + mean) / 2, "mean of pilot agreement and verifier mean", len(candidates)
    )


def _difficulty(probability: float, method: str, samples: int) -> Difficulty:
    return Difficulty(
        probability=probability, level=level_of(probability), method=method, samples=samples
    )
