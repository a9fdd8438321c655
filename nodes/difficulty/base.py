"""What an estimate of difficulty says.

Levels: arXiv 2408.03314, section 3.2, five of them, relative to the generator; 1 is the easiest. Without a
fitted model they are fifths of the range of P(correct); a fitted model brings its own bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal[1, 2, 3, 4, 5]
"""1 is the easiest, 5 the hardest."""
FIFTHS = (0.8, 0.6, 0.4, 0.2)
"""The least P(correct) of levels 1 to 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """An estimate, and what it rests on."""

    probability: float
    """P(one sample is correct), in [0, 1]."""
    level: Level
    method: str
    """How it was found."""
    samples: int
    """How many samples it rests on."""


def level_of(probability: float, bounds: Sequence[float] = FIFTHS) -> Level:
    """Return the level of a P(correct); `bounds` are the least ones of levels 1 to 4, falling."""
    levels: tuple[Level, ...] = (1, 2, 3, 4)
    for level, bound in zip(levels, bounds, strict=True):
        if probability >= bound:
            return level
    return 5
