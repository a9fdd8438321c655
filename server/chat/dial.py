"""The dial and the caller's own limits as one budget, the same on every face."""

from __future__ import annotations

from dataclasses import dataclass

from ...nodes.budget import EFFORTS, GENERATIONS, Budget, Effort
from ...nodes.needs import Needs
from .body import Limits, NeedsBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """How much is thought."""

    effort: Effort
    budget: Budget


def to_dial(asked: Effort | None, limits: Limits, default: Effort) -> Dial:
    """Return the effort and its budget, with the caller's own limits over it."""
    effort = asked or default
    generations = limits.max_generations
    if generations is None:
        generations = GENERATIONS[effort]
    budget = Budget(
        generations=generations, tokens=limits.max_thinking_tokens, deadline_s=limits.deadline_s
    )
    return Dial(effort=_fitting(generations, effort), budget=budget)


def to_needs(body: NeedsBody | None) -> Needs | None:
    """Return what is enough for the caller."""
    if body is None:
        return None
    return Needs(confidence=body.confidence, seconds=body.seconds, tokens=body.tokens)


def _fitting(generations: int, asked: Effort) -> Effort:
    """Return `asked`, unless the caller's own budget says thinking where it says none or the other
    way round; then the least effort that allows as much."""
    if (generations == 0) == (asked == "none"):
        return asked
    enough: list[Effort] = [e for e in EFFORTS if GENERATIONS[e] >= generations]
    return enough[0] if enough else "max"
