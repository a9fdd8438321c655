"""What goes wrong on purpose: shares of the requests that generate or score, drawn by a seeded chance.

`POST /faults` with any of the fields sets those and takes all others back; `{}` heals.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from typing import Any, Literal

Wrong = Literal["error", "stall", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Shares in [0, 1]."""

    error_share: float = 0.0
    """Answered with HTTP `status`."""
    status: int = 500
    stall_share: float = 0.0
    """Answered `stall_s` seconds late."""
    stall_s: float = 60.0
    cut_share: float = 0.0
    """Broken off halfway: a stream after half of its frames, a plain reply inside its body."""
    lost_every: int = 0
    """Every so many samples one is lost: in a reply of several it comes empty and without a finish
    reason, alone it is a 500. 0 loses none."""
    seed: int | None = None
    """Of the chance from now on, so that several servers do not fail at the same requests; None goes
    on with the one there is."""
    down_s: float = 0.0
    """Close the port and every connection now, and listen again after so many seconds."""

    @classmethod
    def read(cls, given: dict[str, Any]) -> Faults:
        """Return them.

        Raises:
            ValueError: a name is none of the fields.
        """
        known = {field.name for field in fields(cls)}
        if unknown := set(given) - known:
            raise ValueError(f"no such fault: {sorted(unknown)!r}; there are {sorted(known)!r}")
        return cls(**given)

    def draw(self, rng: random.Random) -> Wrong | None:
        """Return what goes wrong with the next request, at most one thing."""
        if not (self.error_share or self.stall_share or self.cut_share):
            return None
        chance = rng.random()
        for wrong, share in (
            ("error", self.error_share),
            ("stall", self.stall_share),
            ("cut", self.cut_share),
        ):
            if chance < share:
                return wrong  # type: ignore[return-value]  # the three names above
            chance -= share
        return None
