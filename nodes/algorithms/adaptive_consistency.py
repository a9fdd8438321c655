"""Adaptive-Consistency: draw until the leading answer's lead will hold, then take the majority.

Aggarwal et al. 2023, arXiv 2305.11860, section 3: one sample at a time, at most 40; with the two
largest counts a >= b, stop when P(p > 1/2) >= 0.95 for p ~ Beta(a + 1, b + 1) (`stopping.py`). A
window of more than one sample asks the rule less often, for fewer requests one after another; the
paper's algorithm has w = 1. A sample without an answer counts for none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .base import Search, Tools
from .stopping import THRESHOLD, count_decided
from .windows import Windows, advance_window


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveConsistency:
    """At most N samples and a vote."""

    n: int = 40
    """N, at least 1."""
    w: int = 1
    """Samples of a round."""
    threshold: float = THRESHOLD
    """P(p > 1/2) that stops the draw."""
    selection: Literal["majority"] = field(default="majority", init=False)
    name: Literal["adaptive_consistency"] = field(default="adaptive_consistency", init=False)

    def __post_init__(self) -> None:
        if self.n < 1 or self.w < 1:
            raise ValueError(f"n and w must be 1 or more, not {self.n!r} and {self.w!r}")

    @property
    def generations(self) -> int:
        """N, if the vote stays open."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the next window, or stop."""
        return await advance_window(search, tools, n=self.n, w=self.w, stops=self.stops)

    def stops(self, windows: Windows) -> bool:
        """Say whether all samples so far decide the vote."""
        keys = [c.answer_key if c.votes else None for window in windows for c in window]
        return count_decided(keys, self.threshold)
