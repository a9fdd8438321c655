"""What is measured: a cell is one strategy at one N and one number of questions at once, over all questions.

Knows nothing of servers; `tables.py` says what cells mean side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forethought.nodes.algorithms.registry import JsonScalar

from .counting import Spent

BASELINE = "best_of_n"
STRATEGIES: dict[str, Callable[[int], dict[str, JsonScalar]]] = {
    BASELINE: lambda n: {"name": "best_of_n", "n": n},
    "beam": lambda n: {"name": "beam_search", "n": n, "m": 4},
    "beam_sqrt": lambda n: {"name": "beam_search", "n": n, "m": max(math.isqrt(n), 1)},
    "dvts": lambda n: {"name": "dvts", "n": n, "m": 4},
    "particle_filtering": lambda n: {"name": "particle_filtering", "n": n},
    "rebase": lambda n: {"name": "rebase", "n": n},
    "lookahead": lambda n: {"name": "lookahead", "n": n, "m": 4, "k": 1},
    "majority": lambda n: {"name": "majority", "n": n},
}
"""The strategies that can be measured, each made for an N; all are set against the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one strategy made of one question."""

    right: bool
    seconds: float
    rounds: int
    finals: int
    """Candidates that take part in the vote."""
    distinct: int
    """Different answers among them."""
    failed: str | None = None
    faults: tuple[str, ...] = ()
    solutions: tuple[tuple[str, ...], ...] = ()
    """The steps of the finals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One strategy at one N and one number of questions at once, over all questions."""

    strategy: str
    n: int
    at_once: int
    repeat: int
    wall_s: float
    outcomes: tuple[Outcome, ...]
    spent: Spent
    counters: dict[str, float]
    """What the servers' own counters moved by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """The finals of one cell, scored again in one way."""

    way: str
    n: int
    at_once: int
    wall_s: float
    runs: int
    """Questions whose finals were scored."""
    calls: int
    """Calls of the verifier, before any gathering."""
    solutions: int
    """Solutions, finished or not, that were scored."""
    verifier_tokens: int
    waited_s: float
    """Waited for the verifier, summed over the runs."""
    counters: dict[str, float]
    """What the servers' own counters moved by."""


def expected_s(cells: Sequence[Cell], strategy: str, n: int, at_once: int) -> float:
    """Return how long a cell is likely to take: as the nearest one measured, in proportion to N.

    More questions at once are taken to save nothing; without anything to go by, 0.
    """
    same = [c for c in cells if c.strategy == strategy and c.at_once <= at_once]
    times = 1.0
    if not same:  # step-wise searches take a few times as long as whole answers
        same, times = [c for c in cells if c.strategy == BASELINE and c.at_once <= at_once], 3.0
    if not same:
        return 0.0
    nearest = min(same, key=lambda c: (abs(math.log(c.n / n)), at_once - c.at_once))
    return times * nearest.wall_s * max(n / nearest.n, 1.0)
