"""Draws more answers while they are worth their price: stops when the leader is sure, or is not worth it.

One dial, the price of a generation in P(right); all other numbers were found by search over recorded
samples of the generator and verifier it serves, and mean nothing for others (`marginal_rule.py`).
Without a verifier of steps, or where the generator cannot continue an answer, nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..candidate import Candidate
from .base import Search, Tools
from .beginnings import draw_promising, first_score
from .draw import Drawn, after_draw, draw_more
from .marginal_rule import Rule, bar, is_sure, next_total, worth
from .scoring import score_candidates
from .selection import select

_RULE = Rule()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalGain:
    """At most N samples, drawn in waves that grow, with a rule between them."""

    n: int
    """N, at least 1, of the search; what was drawn before it is weighed with the rest."""
    price: float = 0.0
    """Gain in P(right) that one more generation must promise; 0 stops for a sure leader alone."""
    gain: float = _RULE.gain
    share: float = _RULE.share
    weight: float = _RULE.weight
    trend: float = _RULE.trend
    floor: float = _RULE.floor
    slope: float = _RULE.slope
    scarce: float = _RULE.scarce
    selection: Literal["weighted"] = field(default="weighted", init=False)
    name: Literal["marginal_gain"] = field(default="marginal_gain", init=False)

    def __post_init__(self) -> None:
        if self.n < 1 or self.price < 0:
            raise ValueError(f"n must be 1 or more and price 0 or more, not {self!r}")

    @property
    def generations(self) -> int:
        """N, if no answer is ever sure."""
        return self.n

    @property
    def rule(self) -> Rule:
        """The numbers but for N and the price."""
        return Rule(
            gain=self.gain,
            share=self.share,
            weight=self.weight,
            trend=self.trend,
            floor=self.floor,
            slope=self.slope,
            scarce=self.scarce,
        )

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the next wave, or stop: `decided` where the leader is sure, else `gave_up`."""
        begun = len(tools.pilot) + search.generations
        left = self.n - (search.generations - search.began)
        most = worth(self.rule, self.price, begun + left)
        groups = select(tools.pilot + search.candidates, "weighted").groups
        lead = groups[0].weight if groups else 0.0
        share = lead / total if (total := sum(group.weight for group in groups)) else None
        rounds = search.rounds + 1
        if is_sure(self.rule, *(np.array(x) for x in (lead, total, _or_nan(search.share)))):
            return replace(search, rounds=rounds, done=True, decided=True)
        if begun >= most:
            return replace(search, rounds=rounds, done=True, gave_up=True)
        more = next_total(begun, most) - begun
        drawn = await self._draw(search, tools, more, lead)
        return replace(after_draw(search, drawn, cost=more, done=more >= left), share=share)

    async def _draw(self, search: Search, tools: Tools, n: int, lead: float) -> Drawn:
        least = self._bar(tools.pilot + search.candidates, lead)
        verifier = tools.verifier
        steps = verifier is not None and verifier.granularity == "step"
        if least > 0 and steps and tools.generator.abilities.continuation:
            return await draw_promising(search, tools, n, bar=least)
        drawn = await draw_more(search, tools, n)
        scored = await score_candidates(tools.question, drawn.candidates, verifier)
        return replace(drawn, candidates=scored.candidates, faults=drawn.faults + scored.faults)

    def _bar(self, so_far: Sequence[Candidate], lead: float) -> float:
        """Return the bar of the next wave; 0 where those below it are scarce."""
        wanted = float(bar(self.rule, np.array(lead)))
        low = sum(first_score(candidate) < wanted for candidate in so_far)
        return wanted if low / max(len(so_far), 1) >= self.scarce else 0.0


def _or_nan(share: float | None) -> float:
    return np.nan if share is None else share
