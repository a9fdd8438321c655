"""What a caller states it needs of an answer, together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """At least one of them; None is no need. They say what is enough, a `Budget` what is allowed."""

    confidence: float | None = None
    """P(the answer is right) that is enough, in (0, 1)."""
    seconds: float | None = None
    """From the start of the run until the answer."""
    tokens: int | None = None
    """Generated, the pilot's included."""

    def __post_init__(self) -> None:
        if self.confidence is None and self.seconds is None and self.tokens is None:
            raise ValueError("needs must name confidence, seconds or tokens")
        if self.confidence is not None and not 0 < self.confidence < 1:
            raise ValueError(f"confidence must be between 0 and 1, not {self.confidence!r}")
        if self.seconds is not None and self.seconds <= 0:
            raise ValueError(f"seconds must be more than 0, not {self.seconds!r}")
        if self.tokens is not None and self.tokens < 1:
            raise ValueError(f"tokens must be 1 or more, not {self.tokens!r}")
