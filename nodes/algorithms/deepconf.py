"""DeepConf online: stops samples that the model itself is unsure of, and the vote once it agrees.

Fu et al. 2025, arXiv 2508.15260, section 3.3, and facebookresearch/deepconf. Warm-up: 16 whole samples;
the threshold s is the (100 - eta)th percentile of their lowest group confidences. Then more samples,
each stopped as soon as the confidence of a group falls below s, until the budget is used or the
weighted share of the leading answer reaches the consensus tau = 0.95. Votes weigh as much as the
lowest group confidence of their sample; a warm-up sample below s has none.

The paper stops a sample inside the engine. Over HTTP a sample is written in chunks, each continued
from the exact tokens before it, and looked at in between: at most a chunk is written in vain. `width`
samples run side by side. A minimum ballot is ours: where fewer warm-up samples reach s, the surest ones
vote, since the filter for eta = 10 can leave one or two voters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ..candidate import Candidate, Ending
from .base import Branch, Search, Tools
from .branches import close, mine, prune
from .chunks import write_chunk
from .confidence import group_confidences, lowest_group, percentile
from .selection import select

UNWATCHED = float("-inf")
"""The threshold where the server gave no log-probabilities: nothing is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepConf:
    """At most N samples, weak ones stopped early."""

    n: int
    """N, warm-up included; the paper has 512."""
    warm_up: int = 16
    eta: float = 90.0
    """Percent of the warm-up that reaches the threshold: 90 is the paper's high, 10 its low."""
    tau: float = 0.95
    """Consensus: the share of votes that ends the draw."""
    window: int = 2048
    """Tokens of a group; for short answers choose it smaller than they are."""
    k: int = 20
    """Likeliest tokens asked for. A server may cap it."""
    chunk: int = 512
    """Tokens between two looks at a sample."""
    width: int = 16
    """Samples written side by side."""
    min_ballot: int = 3
    selection: Literal["confidence"] = field(default="confidence", init=False)
    name: Literal["deepconf"] = field(default="deepconf", init=False)

    def __post_init__(self) -> None:
        if min(self.n, self.warm_up, self.window, self.k, self.chunk, self.width) < 1:
            raise ValueError(f"the numbers of {self!r} must be 1 or more")
        if not 0 < self.eta <= 100:
            raise ValueError(f"eta must be above 0 and at most 100, not {self.eta!r}")

    @property
    def generations(self) -> int:
        """N, if there is no consensus."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the warm-up, or write the next chunk of the samples that go on."""
        tools = replace(tools, sampling=replace(tools.sampling, logprobs=self.k))
        if search.rounds == 0:
            return await self.warmed_up(search, tools)
        if self.agrees(search):
            pruned = prune(replace(search, live=()), search.live, "pruned")
            return replace(pruned, decided=True)
        begun = len({c.steps[0].key for c in mine(search)} | {b[0].key for b in search.live})
        new = max(min(self.width - len(search.live), self.n - begun), 0)
        written = await write_chunk(
            search, tools, search.live, new=new, first=begun, max_tokens=self.chunk
        )
        s = self.threshold(search)
        weak = [branch for branch in written.open if self.is_weak(branch, s)]
        ended = [*written.ended, *((branch, _PRUNED) for branch in weak)]
        live = tuple(branch for branch in written.open if branch not in weak)
        return replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + new,
            live=live,
            candidates=search.candidates + tuple(self.watched(b, e, s) for b, e in ended),
            faults=search.faults + written.faults,
            done=not live and begun + new >= self.n,
        )

    async def warmed_up(self, search: Search, tools: Tools) -> Search:
        """Return the search with samples that nothing stopped; one that is cut short goes on."""
        new = min(self.warm_up, self.n)
        limit = tools.sampling.max_tokens
        written = await write_chunk(search, tools, (), new=new, first=0, max_tokens=limit)
        found = [self.watched(branch, ending, UNWATCHED) for branch, ending in written.ended]
        sure = sorted((c.confidence for c in found if c.whole and c.confidence), reverse=True)
        s = self.threshold(replace(search, candidates=tuple(found)))
        bar = min([s, *sure[: self.min_ballot]])
        return replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + new,
            live=written.open,
            candidates=search.candidates + tuple(_barred(c, bar) for c in found),
            faults=search.faults + written.faults,
            done=not written.open and new >= self.n,
        )

    def threshold(self, search: Search) -> float:
        """Return s, from the samples of the warm-up."""
        first = {f"s{search.epoch}-{i}" for i in range(self.warm_up)}
        known = [
            c.confidence
            for c in mine(search)
            if c.confidence is not None and c.steps[0].key in first
        ]
        return percentile(known, 100 - self.eta) if known else UNWATCHED

    def is_weak(self, branch: Branch, s: float) -> bool:
        """Say whether the confidence of any full group is below s."""
        return any(group < s for group in group_confidences(_confidences(branch), self.window))

    def watched(self, branch: Branch, ending: Ending, s: float) -> Candidate:
        """Return a branch closed, with the confidence and the vote of its lowest group."""
        confidences = _confidences(branch)
        if not confidences:
            return close(branch, ending)
        lowest = lowest_group(confidences, self.window)
        return _barred(replace(close(branch, ending), confidence=lowest), s)

    def agrees(self, search: Search) -> bool:
        """Say whether a ballot that is large enough is in consensus."""
        found = [c for c in mine(search) if c.votes and c.vote != 0.0]
        share = select(found, "confidence").confidence
        return len(found) >= self.min_ballot and share is not None and share >= self.tau


_PRUNED: Ending = "pruned"


def _confidences(branch: Branch) -> list[float]:
    return [one for step in branch for one in step.confidences or ()]


def _barred(candidate: Candidate, bar: float) -> Candidate:
    """Return the candidate with the vote of its confidence, or none below the bar."""
    if candidate.confidence is None:
        return candidate
    passes = candidate.confidence >= bar
    return replace(candidate, vote=candidate.confidence if passes else 0.0)
