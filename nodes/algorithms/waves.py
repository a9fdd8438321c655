"""Parallel samples in waves: few at first, then twice as many as the time before.

Doubling keeps the number of requests logarithmic in N, while a vote that closes early still saves
at least half of what is left. The rounds of one epoch ask for exactly N in total.
"""

from __future__ import annotations

from dataclasses import replace

from ..candidate import Candidate
from .base import Search, Tools
from .draw import Drawn, draw


def asked_after(rounds: int, n: int, wave: int | None) -> int:
    """Return how many of `n` samples `rounds` rounds ask for; `wave` is the first round's, or all."""
    return min(n, (wave or n) * ((1 << rounds) - 1))


async def draw_wave(search: Search, tools: Tools, n: int, wave: int | None) -> Drawn:
    """Draw what the next round draws.

    Raises:
        BackendError: nothing came.
        BudgetSpent: nothing was left for it.
    """
    more = asked_after(search.rounds + 1, n, wave) - asked_after(search.rounds, n, wave)
    return await draw(tools, more, first=search.generations, origin="search")


def finish_wave(
    search: Search,
    found: tuple[Candidate, ...],
    faults: tuple[str, ...],
    n: int,
    wave: int | None,
) -> Search:
    """Return the search after a round that found `found`."""
    before, after = (asked_after(r, n, wave) for r in (search.rounds, search.rounds + 1))
    return replace(
        search,
        rounds=search.rounds + 1,
        generations=search.generations + after - before,
        candidates=search.candidates + found,
        faults=search.faults + faults,
        done=after >= n,
    )
