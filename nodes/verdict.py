"""The outcome of a vote among candidates."""

from __future__ import annotations

from dataclasses import dataclass

from .algorithms.base import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Candidates whose answers are equal."""

    answer_key: str
    answer: str
    """As its best member wrote it."""
    weight: float
    """Number of members, or sum of their scores."""
    members: tuple[str, ...]
    """Keys of the candidates, best first; ties in the order they were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which candidate answers, and how sure the vote is."""

    selection: Selection
    groups: tuple[Group, ...]
    """Heaviest first; ties in the order their first member was found. Empty when none votes."""
    winner: str | None
    """Key of the candidate that answers; None when nothing at all was found."""
    confidence: float | None
    """Share of the weight that the winner's group holds, in [0, 1]; None without a vote. It is a
    share, not a calibrated probability."""
    margin: float | None
    """`confidence` less the share of the next group."""
    decided: bool
    """More of the same would hardly change the winner (`algorithms/stopping.py`)."""
