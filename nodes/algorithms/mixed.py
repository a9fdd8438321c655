"""A mix of parallel and sequential: several first answers, each revised several times.

Snell et al. 2024, arXiv 2408.03314, section 6.2: a budget of chains x length is spent side by side in
its first factor and in sequence in its second; chains = N is parallel sampling, chains = 1 fully
sequential, and the best ratio depends on the difficulty. With a verifier the answer is chosen inside
each chain and then across chains; by majority it is chosen among all (`selection.py`).

Left open by the paper and decided here: an attempt that was cut or is empty is not shown to the next
one, and a chain ends with its first answer where that is such.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from .base import Search, Tools
from .draw import Drawn, after_draw, draw_more
from .revisions import Revisions
from .scoring import score_candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Chains of answers; costs chains x length."""

    chains: int
    """Side by side."""
    length: int
    """Answers of each, the first included."""
    window: int = 4
    """Attempts in the context."""
    selection: Literal["hierarchical", "majority"] = "hierarchical"
    name: Literal["mixed"] = field(default="mixed", init=False)

    def __post_init__(self) -> None:
        if min(self.chains, self.length, self.window) < 1:
            raise ValueError(f"the numbers of {self!r} must be 1 or more")

    @property
    def generations(self) -> int:
        """Chains times length."""
        return self.chains * self.length

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the first answers, or add one revision to each chain."""
        if search.rounds == 0:
            drawn = await draw_more(search, tools, self.chains)
            scored = await score_candidates(tools.question, drawn.candidates, tools.verifier)
            drawn = replace(
                drawn, candidates=scored.candidates, faults=drawn.faults + scored.faults
            )
            tips = tuple(c.key for c in scored.candidates if c.whole)
            cost = self.chains
        else:
            by_key = {candidate.key: candidate for candidate in search.candidates}
            chains = [
                tuple(by_key[key] for key in (*by_key[tip].attempts, tip)) for tip in search.held
            ]
            revisions = Revisions(chains=len(chains), length=self.length, window=self.window)
            longer = await revisions.lengthen(
                chains, tools, under=f"s{search.epoch}r{search.rounds}"
            )
            new = [
                replace(after[-1], origin="search") if len(after) > len(before) else None
                for before, after in zip(chains, longer.chains, strict=True)
            ]
            drawn = Drawn(candidates=tuple(c for c in new if c), faults=longer.faults)
            tips = tuple(
                c.key if c and c.whole else tip for c, tip in zip(new, search.held, strict=True)
            )
            cost = len(chains)
        done = not tips or search.rounds + 1 >= self.length
        return replace(after_draw(search, drawn, cost=cost, done=done), held=tips)
