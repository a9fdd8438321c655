"""Confidence-weighted majority: N whole answers, each with as much of a vote as it was sure.

By mean log-probability the vote is exp of it (arXiv 2203.11171, section 2, normalised weighted sum);
by lowest window it is the lowest group confidence (DeepConf, arXiv 2508.15260, section 3.2); by
self-certainty it is the Borda vote of its rank (arXiv 2502.18581, section 4), which asks for all N at
once, since a later sample moves the ranks of earlier ones. Measures: `confidence.py`.

A sample without log-probabilities has no vote; where none has any, the count decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..candidate import Candidate
from ..values import Completion
from .base import Search, Tools
from .confidence import borda_votes, lowest_group, mean, self_certainty
from .waves import draw_wave, finish_wave

Measure = Literal["mean_logprob", "lowest_window", "self_certainty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceMajority:
    """N parallel samples and a vote weighed by their own token log-probabilities."""

    n: int
    """N, at least 1."""
    measure: Measure = "mean_logprob"
    k: int = 20
    """Likeliest tokens asked for; the mean log-probability needs none. A server may cap it."""
    window: int = 2048
    """Tokens of a group; for short answers choose it smaller than they are."""
    p: float = 0.5
    """The power of Borda votes: 0 is plain majority."""
    wave: int | None = None
    """Samples of the first round; every later one draws twice as many. None: all at once."""
    selection: Literal["confidence"] = field(default="confidence", init=False)
    name: Literal["confidence_majority"] = field(default="confidence_majority", init=False)

    def __post_init__(self) -> None:
        if self.measure == "self_certainty" and self.wave is not None:
            raise ValueError(f"wave must be None for Borda votes, not {self.wave!r}")
        if self.k < 1 or self.window < 1:
            raise ValueError(f"k and window must be 1 or more, not {self.k!r} and {self.window!r}")

    @property
    def generations(self) -> int:
        """N."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the next wave and give it its votes."""
        logprobs = 0 if self.measure == "mean_logprob" else self.k
        asking = replace(tools, sampling=replace(tools.sampling, logprobs=logprobs))
        drawn = await draw_wave(search, asking, self.n, self.wave)
        voting = self.voting(drawn.candidates, drawn.completions)
        return finish_wave(search, voting, drawn.faults, self.n, self.wave)

    def confidence(self, completion: Completion) -> float | None:
        """Return how sure a completion was; None when the server did not tell."""
        if self.measure == "mean_logprob":
            return mean(completion.logprobs) if completion.logprobs else None
        if not completion.confidences:
            return None
        if self.measure == "lowest_window":
            return lowest_group(completion.confidences, self.window)
        return self_certainty(completion.confidences, self.k)

    def voting(
        self, candidates: Sequence[Candidate], completions: Sequence[Completion]
    ) -> tuple[Candidate, ...]:
        """Return the candidates, each made of its completion, with confidence and vote."""
        sure = [self.confidence(completion) for completion in completions]
        known = [confidence for confidence in sure if confidence is not None]
        votes = iter(self.votes(known))
        return tuple(
            replace(c, confidence=confidence, vote=None if confidence is None else next(votes))
            for c, confidence in zip(candidates, sure, strict=True)
        )

    def votes(self, confidences: Sequence[float]) -> list[float]:
        """Return the vote of each confidence."""
        if self.measure == "mean_logprob":
            return [math.exp(confidence) for confidence in confidences]
        if self.measure == "lowest_window":
            return list(confidences)
        return borda_votes(confidences, self.p)
