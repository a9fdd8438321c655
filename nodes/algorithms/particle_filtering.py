"""Particle filtering: N partial answers that are resampled by the process verifier every step.

Puri et al. 2025, arXiv 2502.01618, algorithm 1. Every particle takes one step; its weight is the
softmax, over all particles, of the logit of the verifier's score of its whole partial answer; N
particles are drawn by weight with replacement, finished ones taking part; and so on until all have
finished. The answer is the one the verifier scores best. Sampling at temperature 0.8, top_p 1, as in
the experiments; multinomial resampling, as in the authors' code.

A finished particle that is drawn again holds several places, yet it is one candidate: no copy votes.
One that is not drawn loses its place, but stays a candidate, since it is paid for, and the argmax at
the end ranges over it. Left open by the source and decided here: a particle that ends without an
answer (empty, repeated, too long) has no weight and leaves the population, and the others are drawn
for its place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from .base import Branch, Search, Tools
from .beam_search import MAX_ROUNDS
from .branches import Grown, grow, prune, score_of
from .resampling import Resampling, logit, resample, softmax


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticleFiltering:
    """N particles."""

    n: int
    """N, the number of particles; at least 1."""
    temperature: float = 0.8
    """Of the generator."""
    top_p: float = 1.0
    softmax_temperature: float = 1.0
    """Above 1 the weights are more alike."""
    resampling: Resampling = "multinomial"
    max_rounds: int = MAX_ROUNDS
    selection: Literal["best"] = field(default="best", init=False)
    name: Literal["particle_filtering"] = field(default="particle_filtering", init=False)

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"n must be 1 or more, not {self.n!r}")

    @property
    def generations(self) -> int:
        """N: together the particles sample N answers' worth of steps."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Resample, and let every unfinished particle take a step."""
        sampling = replace(tools.sampling, temperature=self.temperature, top_p=self.top_p)
        tools = replace(tools, sampling=sampling)
        if search.rounds == 0:
            grown = await grow(search, tools, [()], n=self.n)
            before = replace(search, generations=search.generations + self.n, held=())
        else:
            before, moving = self.resampled(search, tools)
            if not moving:
                return replace(before, live=(), rounds=search.rounds + 1, done=True)
            grown = await grow(search, tools, moving, n=1)
        return self.settle(before, grown)

    def resampled(self, search: Search, tools: Tools) -> tuple[Search, list[Branch]]:
        """Return the search without the branches that lost their places, and who steps next.

        A branch that holds several places is named as often.
        """
        finished = {c.key: c for c in search.candidates if c.key in search.held}
        held = Counter(search.held)
        scores = [score_of(b) for b in search.live]
        scores += [finished[key].score or 0.0 for key in held for _ in range(held[key])]
        keys = [*(b[-1].key for b in search.live), *held.elements()]
        weights = softmax([logit(score) for score in scores], self.softmax_temperature)
        counts = resample(weights, self.n, tools.chance(search), self.resampling)
        drawn = Counter(key for key, count in zip(keys, counts, strict=True) for _ in range(count))
        moving = [b for b in search.live for _ in range(drawn[b[-1].key])]
        lost = [b for b in search.live if not drawn[b[-1].key]]
        still = tuple(key for key in held for _ in range(drawn[key]))
        return replace(prune(search, lost, "pruned"), held=still), moving

    def settle(self, search: Search, grown: Grown) -> Search:
        """Return the search with the particles where their steps have taken them."""
        finished = tuple(c.key for c in grown.ended if c.whole and c.score is not None)
        after = replace(
            search,
            rounds=search.rounds + 1,
            live=grown.open,
            candidates=search.candidates + grown.ended,
            faults=search.faults + grown.faults,
            held=search.held + finished,
            done=not grown.open,
        )
        if after.rounds < self.max_rounds:
            return after
        return prune(replace(after, live=()), grown.open, "rounds")
