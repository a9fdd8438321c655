"""Majority: draw N whole answers, choose the one most of them end in (self-consistency).

Wang et al. 2022, arXiv 2203.11171, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .base import Search, Tools
from .waves import draw_wave, finish_wave


@dataclass(frozen=True, slots=True, kw_only=True)
class Majority:
    """N parallel samples and a vote, drawn in waves so that the vote may close early."""

    n: int
    """N, at least 1."""
    wave: int | None = None
    """Samples of the first round; every later one draws twice as many as the one before. None: all
    at once."""
    selection: Literal["majority"] = field(default="majority", init=False)
    name: Literal["majority"] = field(default="majority", init=False)

    @property
    def generations(self) -> int:
        """N."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the next wave."""
        drawn = await draw_wave(search, tools, self.n, self.wave)
        return finish_wave(search, drawn.candidates, drawn.faults, self.n, self.wave)
