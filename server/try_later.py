"""A refusal that a client may come back from: 429 for its own limits, 503 for ours.

OpenAI's clients obey `x-should-retry`, and `Retry-After` up to a minute; past that they come back
sooner than they should, so they are told not to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import Refusal

OBEYED_S = 60
"""The longest `Retry-After` that OpenAI's clients wait for."""
Scarce = Literal["requests", "tokens", "capacity"]


@dataclass(kw_only=True, eq=False)  # not frozen: contextlib writes an exception's traceback
class TryLater(Refusal):
    """Not now."""

    retry_after_s: int
    """Seconds after which it is worth another try, at least 1."""
    scarce: Scarce

    @property
    def headers(self) -> dict[str, str]:
        """What a client reads to know when to come back."""
        obeyed = self.retry_after_s <= OBEYED_S
        return {
            "retry-after": str(self.retry_after_s),
            "x-should-retry": "true" if obeyed else "false",
        }

    def body(self) -> dict[str, dict[str, str | None]]:
        """Return OpenAI's error object; of a rate limit, the type says what ran out."""
        error = Refusal.body(self)
        if self.status == 429:
            error["error"]["type"] = self.scarce
        return error
