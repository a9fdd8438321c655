"""How hard a question is for this generator, guessed from a few samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal[1, 2, 3, 4, 5]
"""1 is the easiest fifth of the range of P(correct), 5 the hardest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """An estimate, and what it rests on."""

    probability: float
    """Guessed P(one sample is correct), in [0, 1]."""
    level: Level
    method: str
    """How it was guessed."""
    samples: int
    """How many samples it rests on."""
