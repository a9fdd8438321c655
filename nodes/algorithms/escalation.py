"""Escalation: asks a larger model, where one is configured.

Snell et al. 2024, arXiv 2408.03314, section 7: on the hardest questions a larger model is worth more
than any search by the smaller one. Its answers alone vote; those of the smaller model that the run has
found before answer only where the larger one gives none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from .base import Search, Tools
from .draw import after_draw, draw_more
from .scoring import score_candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """N answers of the larger model, all at once."""

    n: int = 1
    """N, at least 1."""
    price: int = 1
    """Generations that one answer of the larger model counts for: the ratio M of the two models'
    parameters, for a budget in compute."""
    selection: Literal["confidence"] = field(default="confidence", init=False)
    name: Literal["escalation"] = field(default="escalation", init=False)

    def __post_init__(self) -> None:
        if self.n < 1 or self.price < 1:
            raise ValueError(f"n and price must be 1 or more, not {self.n!r} and {self.price!r}")

    @property
    def generations(self) -> int:
        """N times the price of each."""
        return self.n * self.price

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw all answers, score them, and give each a vote of 1.

        Raises:
            ValueError: there is no larger model.
        """
        if tools.larger is None:
            raise ValueError("escalation needs a larger model, not None")
        drawn = await draw_more(search, replace(tools, generator=tools.larger), self.n)
        scored = await score_candidates(tools.question, drawn.candidates, tools.verifier)
        voting = tuple(replace(candidate, vote=1.0) for candidate in scored.candidates)
        drawn = replace(drawn, candidates=voting, faults=drawn.faults + scored.faults)
        return after_draw(search, drawn, cost=self.generations, done=True)
