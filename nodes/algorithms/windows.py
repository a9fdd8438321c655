"""Parallel samples in windows of one size, with a stopping rule between them.

Answers are read off samples between rounds, not in them: a rule looks at the start of a round at all
windows before it, and what it stops costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..candidate import Candidate
from .base import Search, Tools
from .draw import after_draw, draw_more

Windows = list[tuple[Candidate, ...]]
"""What each earlier window of the epoch gave, oldest first; fewer than its size where some failed."""


async def advance_window(
    search: Search, tools: Tools, *, n: int, w: int, stops: Callable[[Windows], bool]
) -> Search:
    """Draw the next window of `w` of `n` samples, unless the earlier ones stop the draw.

    Raises:
        BackendError: nothing came.
        BudgetSpent: nothing was left for it.
    """
    if search.rounds and stops(windows_of(search, n, w)):
        return replace(search, rounds=search.rounds + 1, done=True, decided=True)
    asked = min(n, w * search.rounds)
    more = min(w, n - asked)
    drawn = await draw_more(search, tools, more)
    return after_draw(search, drawn, cost=more, done=asked + more >= n)


def windows_of(search: Search, n: int, w: int) -> Windows:
    """Return the windows of this epoch."""
    begun = search.generations - min(n, w * search.rounds)
    by_key = {candidate.key: candidate for candidate in search.candidates}
    return [
        tuple(
            by_key[key]
            for i in range(start, min(start + w, search.generations))
            if (key := f"search-{i}") in by_key
        )
        for start in range(begun, search.generations, w)
    ]
