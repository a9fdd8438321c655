"""Diverse verifier tree search: N/M independent subtrees, each of which follows its single best step.

Beeching, Tunstall and Rush 2024, "Scaling test-time compute with open models", section "DVTS", and
huggingface/search-and-learn. Every round each subtree samples M next steps and goes on with the one
that the process verifier scores best; subtrees do not compete. A subtree ends when its best step ends
the answer, and then its last M siblings are its answers: N in all, correlated in groups of M.

As in the source, a sibling that ends an answer but is not the best of its round is given up, unlike
in beam search. Left open there and decided here: a step that ends without an answer (empty, repeated,
too long) has no score, so it is followed only where all M are such, and then the subtree ends; an
unfinished sibling in the last round is given up, not counted as an answer; ties go to the step
sampled first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ..candidate import Candidate
from .base import Branch, Search, Tools
from .beam_search import MAX_ROUNDS
from .branches import Grown, grow, prune, score_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DiverseVerifierTreeSearch:
    """N/M subtrees of width M."""

    n: int
    """N, answers in all; a multiple of M."""
    m: int = 4
    """M, next steps sampled in each subtree."""
    max_rounds: int = MAX_ROUNDS
    selection: Literal["weighted"] = field(default="weighted", init=False)
    name: Literal["dvts"] = field(default="dvts", init=False)

    def __post_init__(self) -> None:
        if not (1 <= self.m <= self.n and self.n % self.m == 0):
            raise ValueError(f"n must be a multiple of m={self.m!r}, not {self.n!r}")

    @property
    def generations(self) -> int:
        """N: together the subtrees sample N answers' worth of steps."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Sample M steps in every subtree, and follow the best of each."""
        if search.rounds == 0:
            grown = await grow(search, tools, [()], n=self.n)
        else:
            grown = await grow(search, tools, search.live, n=self.m)
        after = replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + (self.n if search.rounds == 0 else 0),
            faults=search.faults + grown.faults,
        )
        return self.follow(after, grown)

    def subtree(self, branch: Branch) -> int:
        """Return which subtree a branch is in: the first N steps are dealt out in groups of M."""
        return int(branch[0].key.rpartition("-")[2]) // self.m

    def follow(self, search: Search, grown: Grown) -> Search:
        """Return the search with the best step of each subtree live and its siblings closed."""
        live: list[Branch] = []
        unfollowed: list[Branch] = []
        unfinished: list[Branch] = []
        ended: list[Candidate] = []
        for subtree in range(self.n // self.m):
            open_ = [b for b in grown.open if self.subtree(b) == subtree]
            closed = [c for c in grown.ended if self.subtree(c.steps) == subtree]
            best = max(open_, key=score_of, default=None)
            top = max((c.score for c in closed if c.score is not None), default=-1.0)
            if best is None or top > score_of(best):  # the subtree ends
                unfollowed += open_
                ended += closed
            elif search.rounds >= self.max_rounds:
                unfinished += open_
                ended += closed
            else:
                live.append(best)
                unfollowed += [b for b in open_ if b is not best]
                ended += [replace(c, ending="pruned") if c.whole else c for c in closed]
        after = replace(search, live=tuple(live), candidates=search.candidates + tuple(ended))
        return prune(prune(after, unfollowed, "pruned"), unfinished, "rounds")
