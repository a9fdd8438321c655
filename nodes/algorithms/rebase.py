"""Reward-balanced search (REBASE): a node gets next steps in proportion to its reward.

Wu et al. 2024, arXiv 2408.00724, section 3.2, and thu-wyz/inference_scaling. At each depth the open
nodes share the width that is left, N less the branches that have ended, by the softmax of their
rewards at the balance temperature T_b = 0.2; shares are rounded up, best node first, from what is
still left, so that they add up exactly and the weakest nodes go without. Sampling at temperature 1,
as in the authors' code. The answers are weighed by reward.

Nodes of equal reward are put in an order by chance, so that rounding up favours none of them by its
place. Left open by the source and decided here: a branch that ends without an answer takes its place
for good too, as one that reaches the token limit does there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..candidate import Ending
from .base import Search, Tools
from .beam_search import MAX_ROUNDS
from .branches import grow, places_left, prune, score_of
from .resampling import softmax


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebase:
    """A tree of total width N."""

    n: int
    """N, answers in all; at least 1."""
    t_b: float = 0.2
    """T_b, the balance temperature: near 0 all width goes to the best node."""
    temperature: float = 1.0
    """Of the generator."""
    max_rounds: int = MAX_ROUNDS
    selection: Literal["weighted", "best"] = "weighted"
    name: Literal["rebase"] = field(default="rebase", init=False)

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"n must be 1 or more, not {self.n!r}")
        if self.t_b <= 0:
            raise ValueError(f"t_b must be above 0, not {self.t_b!r}")

    @property
    def generations(self) -> int:
        """N: the tree is never wider."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Share the width among the open nodes and sample that many next steps of each."""
        tools = replace(tools, sampling=replace(tools.sampling, temperature=self.temperature))
        if search.rounds == 0:
            before = replace(search, generations=search.generations + self.n)
            grown = await grow(search, tools, [()], n=self.n)
        else:
            nodes = list(search.live)
            tools.chance(search).shuffle(nodes)
            nodes.sort(key=score_of, reverse=True)
            shares = self.shares([score_of(node) for node in nodes], places_left(search, self.n))
            pairs = list(zip(nodes, shares, strict=True))
            before = prune(search, [node for node, share in pairs if not share], "pruned")
            roots = [node for node, share in pairs for _ in range(share)]
            grown = await grow(search, tools, roots, n=1)
        after = replace(
            before,
            rounds=search.rounds + 1,
            live=grown.open,
            candidates=before.candidates + grown.ended,
            faults=before.faults + grown.faults,
        )
        if after.rounds >= self.max_rounds or places_left(after, self.n) <= 0:
            ending: Ending = "rounds" if after.rounds >= self.max_rounds else "pruned"
            return prune(replace(after, live=()), grown.open, ending)
        return replace(after, done=not grown.open)

    def shares(self, rewards: Sequence[float], width: int) -> list[int]:
        """Return how many next steps each node gets; `rewards` are best first, the sum is `width`."""
        shares: list[int] = []
        weights = softmax(rewards, self.t_b)
        for place, weight in enumerate(weights):
            if not width:
                return shares + [0] * (len(weights) - place)
            # Less a hair: a share that is whole but for rounding is not one more.
            share = math.ceil(width * weight / math.fsum(weights[place:]) - 1e-9)
            shares.append(min(share, width))
            width -= shares[-1]
        return shares
