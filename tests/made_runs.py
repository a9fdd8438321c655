"""Replayed runs told by hand: what is not named costs the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forethought.nodes.learning.record import Floats
from forethought.nodes.learning.runs import Runs


def made_runs(
    right: Sequence[Sequence[float]] | Floats,
    *,
    generations: float = 8.0,
    tokens: float = 100.0,
    read: float = 0.0,
    rounds: float = 1.0,
) -> Runs:
    """Return runs (Q, R) that are right where `right` is 1."""
    answers = np.array(right, dtype=np.float64)

    def everywhere(value: float) -> Floats:
        return np.full(answers.shape, value)

    return Runs(
        right=answers,
        generations=everywhere(generations),
        tokens=everywhere(tokens),
        verifier_tokens=everywhere(read),
        rounds=everywhere(rounds),
    )
