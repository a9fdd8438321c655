"""Pools of chance: questions whose P(correct) is drawn, and samples that show it dimly."""

from __future__ import annotations

import random

from forethought.nodes.learning.logistic_fit import FOLDS
from forethought.nodes.replay.reading import Reading, recorded
from recorded_pools import question, sample


def readings(
    n: int, *, samples: int = 12, seed: int = 0, scored: bool = True, telling: bool = True
) -> list[Reading]:
    """Return `n` questions; without `telling` their samples and scores say nothing about them.

    P(correct) is spread evenly over [0, 1]. A score is high for a right sample; wrong answers are
    spread over ten, so that right ones agree.
    """
    assert n >= FOLDS
    chance = random.Random(seed)
    made = []
    for i in range(n):
        p = chance.random()
        drawn = []
        for _ in range(samples):
            right = chance.random() < p
            answer = "1" if right else str(chance.randint(2, 11))
            score = min(1.0, max(0.0, chance.gauss(0.7 if right else 0.3, 0.2)))
            if not telling:
                answer, score = str(chance.randint(1, 2)), 0.5
            drawn.append(
                sample(answer, *([score] if scored else []), n_tokens=chance.randint(10, 20))
            )
        made.append(question(*drawn, id=f"q{i}"))
    return recorded(made)
