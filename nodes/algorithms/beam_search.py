"""Beam search under a process verifier (BFS-V): N beams, width M.

Snell et al. 2024, arXiv 2408.03314, section 5.2. Sample N first steps; score each prefix; keep the
best N/M; sample M next steps of each; repeat until the answers end or 40 rounds have run. The N
final answers are then weighed as in best-of-N weighted.

An answer that ends takes one of the N places for good, so a run ends with at most N finals and its
cost falls as they come in. Left open by the paper and decided here: an answer that ends is a final
whether or not its step ranked among the kept, since it is paid for; equal prefixes are kept once;
ties keep the order of sampling.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from .base import Branch, Search, Tools
from .branches import grow, keep_best, places_left, prune

MAX_ROUNDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamSearch:
    """N beams of width M; the paper sweeps M = 4 and M = sqrt(N)."""

    n: int
    """N, the number of beams; at least M."""
    m: int = 4
    """M, next steps sampled from each kept prefix."""
    max_rounds: int = MAX_ROUNDS
    selection: Literal["weighted"] = field(default="weighted", init=False)
    name: Literal["beam_search"] = field(default="beam_search", init=False)

    def __post_init__(self) -> None:
        if not 1 <= self.m <= self.n:
            raise ValueError(f"m must be from 1 to n={self.n!r}, not {self.m!r}")

    @property
    def generations(self) -> int:
        """N: the beams together sample N answers' worth of steps."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Sample one step for every beam, score all, keep the best."""
        if search.rounds == 0:
            grown = await grow(search, tools, [()], n=self.n)
        else:
            grown = await grow(search, tools, search.live, n=min(self.m, self.places(search)))
        after = replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + (self.n if search.rounds == 0 else 0),
            candidates=search.candidates + grown.ended,
            faults=search.faults + grown.faults,
        )
        return self.keep(after, grown.open)

    def places(self, search: Search) -> int:
        """Return how many of the N places no ended answer of this epoch has taken."""
        return places_left(search, self.n)

    def keep(self, search: Search, branches: tuple[Branch, ...]) -> Search:
        """Return the search with the best of `branches` live and the others closed."""
        places, last_round = self.places(search), search.rounds >= self.max_rounds
        if last_round:
            return prune(replace(search, live=()), branches, "rounds")
        return keep_best(search, branches, 0 if places <= 0 else max(places // self.m, 1))
