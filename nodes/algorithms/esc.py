"""Early-Stopping Self-Consistency: draw in windows, stop at a unanimous one, take the majority of all.

Li et al. 2024, arXiv 2401.10480, section 3: windows of w = 5, at most 40 samples; a window whose
answers have no entropy ends the draw. Left open by the paper and decided here: a sample without an
answer dissents, and so does one that never came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .base import Search, Tools
from .stopping import is_unanimous
from .windows import Windows, advance_window


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStoppingSelfConsistency:
    """At most N samples in windows of w, and a vote."""

    n: int = 40
    """N, at least 1."""
    w: int = 5
    """The window; the last one may be smaller."""
    selection: Literal["majority"] = field(default="majority", init=False)
    name: Literal["esc"] = field(default="esc", init=False)

    def __post_init__(self) -> None:
        if self.n < 1 or self.w < 1:
            raise ValueError(f"n and w must be 1 or more, not {self.n!r} and {self.w!r}")

    @property
    def generations(self) -> int:
        """N, if no window agrees."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Draw the next window, or stop."""
        return await advance_window(search, tools, n=self.n, w=self.w, stops=self.stops)

    def stops(self, windows: Windows) -> bool:
        """Say whether the newest window agrees."""
        newest = [c.answer_key if c.votes else None for c in windows[-1]]
        return is_unanimous(newest, self.w)
