"""Lookahead search: beam search that ranks a step by where it leads.

Snell et al. 2024, arXiv 2408.03314, section 5.2. While a step is ranked it is rolled out for up to k
more steps at temperature 0, stopping at the end of the solution, and the process verifier's score at
the end of the rollout ranks the step. k = 0 is beam search. Costs N(k + 1) generations.

The rollout only ranks: the branch goes on from the step itself, and the step's own score is the one
recorded. Left open by the paper and decided here: a rollout that reaches a whole answer is kept with
the ending `rollout`, without a vote, since the finals of the paper are the beams' own; it answers only
where no beam has ended. A rollout that breaks off ranks by as far as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .base import Branch, Search, Tools
from .beam_search import MAX_ROUNDS
from .branches import grow, keep_best, places_left, prune, score_of
from .rollouts import roll_out


@dataclass(frozen=True, slots=True, kw_only=True)
class LookaheadSearch:
    """N beams of width M with rollouts of k steps; the paper sweeps k = 1 and k = 3."""

    n: int
    """N, the number of beams; at least M."""
    m: int = 4
    """M, next steps sampled from each kept prefix."""
    k: int = 1
    """Steps that a rollout may have."""
    max_rounds: int = MAX_ROUNDS
    selection: Literal["weighted"] = field(default="weighted", init=False)
    name: Literal["lookahead"] = field(default="lookahead", init=False)

    def __post_init__(self) -> None:
        if not 1 <= self.m <= self.n:
            raise ValueError(f"m must be from 1 to n={self.n!r}, not {self.m!r}")
        if self.k < 0:
            raise ValueError(f"k must be 0 or more, not {self.k!r}")

    @property
    def generations(self) -> int:
        """N(k + 1): each of the N beams' steps is followed by up to k more."""
        return self.n * (self.k + 1)

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Sample one step for every beam, roll each out, keep those that lead furthest."""
        first = search.rounds == 0
        roots: Sequence[Branch] = [()] if first else search.live
        n = self.n if first else min(self.m, places_left(search, self.n))
        grown = await grow(search, tools, roots, n=n)
        after = replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + (self.generations if first else 0),
            candidates=search.candidates + grown.ended,
            faults=search.faults + grown.faults,
        )
        if after.rounds >= self.max_rounds:
            return prune(replace(after, live=()), grown.open, "rounds")
        places = places_left(after, self.n)
        if places <= 0 or not grown.open:
            return keep_best(after, grown.open, 0)
        seen = await roll_out(after, tools, grown.open, k=self.k)
        after = replace(
            after,
            candidates=after.candidates + seen.whole,
            faults=after.faults + seen.faults,
        )
        return keep_best(
            after,
            grown.open,
            max(places // self.m, 1),
            lambda branch: seen.values.get(branch[-1].key, score_of(branch)),
        )
