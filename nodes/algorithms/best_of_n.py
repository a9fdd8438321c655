"""Best-of-N: draw N whole answers, score each, choose by the best score or the best sum.

Cobbe et al. 2021, arXiv 2110.14168, section 4.2 (best); Li et al. 2023, arXiv 2206.02336, section
3.2 (weighted: the scores of equal answers are added), which arXiv 2408.03314 uses throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .base import Search, Tools
from .scoring import score_candidates
from .waves import draw_wave, finish_wave


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfN:
    """N parallel samples under a verifier, drawn in waves so that the vote may close early."""

    n: int
    """N, at least 1."""
    selection: Literal["best", "weighted"] = "weighted"
    wave: int | None = None
    """Samples of the first round; every later one draws twice as many as the one before. None: all
    at once."""
    name: Literal["best_of_n"] = field(default="best_of_n", init=False)

    @property
    def generations(self) -> int:
        """N."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw and score the next wave."""
        drawn = await draw_wave(search, tools, self.n, self.wave)
        scored = await score_candidates(tools.question, drawn.candidates, tools.verifier)
        return finish_wave(
            search, scored.candidates, drawn.faults + scored.faults, self.n, self.wave
        )
