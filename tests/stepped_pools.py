"""Pools whose samples have steps: first steps tell hopeless questions, last ones right answers."""

from __future__ import annotations

import random
from dataclasses import replace

from forethought.nodes.replay.pool import PoolQuestion, Sample
from forethought.nodes.replay.reading import Reading, recorded
from recorded_pools import question, sample

FIRST, REST = 8, 24
"""Tokens of the first step and of those after it, about."""


def stepped(n: int, *, samples: int = 16, seed: int = 0) -> list[Reading]:
    """Return `n` questions in two folds: a third is easy, a third is middling, a third hopeless.

    One sample in twelve is cut at the token limit, one in twelve ends in its first step.
    """
    chance = random.Random(seed)
    return recorded([_question(i, samples, chance) for i in range(n)])


def _question(i: int, samples: int, chance: random.Random) -> PoolQuestion:
    p = (0.9, 0.45, 0.02)[i % 3] + chance.uniform(-0.02, 0.08)
    drawn = (_sample(p, chance) for _ in range(samples))
    return replace(question(*drawn, id=f"q{i}"), fold=i // 3 % 2)


def _sample(p: float, chance: random.Random) -> Sample:
    right, kind = chance.random() < p, chance.randrange(12)
    answer = "1" if right else str(chance.randint(2, 9))
    last = _near(0.85 if right else 0.15, chance)
    scores = (last,) if kind == 0 else (_near(0.1 + 0.8 * p, chance), last)
    made = sample(answer, *scores, whole=kind != 1)
    first, rest = FIRST + chance.randrange(5), REST + chance.randrange(17)
    step_tokens = (first,) if kind == 0 else (first, rest)
    return replace(made, step_tokens=step_tokens, n_tokens=sum(step_tokens))


def _near(value: float, chance: random.Random) -> float:
    return min(1.0, max(0.0, chance.gauss(value, 0.12)))
