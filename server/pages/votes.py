"""The votes of a run as bars: each group of equal answers with its share of the weight."""

from __future__ import annotations

from dataclasses import dataclass

from ...storage.views import TraceDetail, VerdictView
from .words import SELECTIONS

MOST = 12
"""Groups of one vote that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Candidates whose answers are equal."""

    answer: str
    share: float | None
    """Of the weight of all, in [0, 1]; None where they weigh nothing together."""
    weight: float
    members: tuple[str, ...]
    wins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteShown:
    """One round of verification."""

    number: int
    """Counts from 1."""
    of: int
    selection: str
    """In words."""
    confidence: float | None
    margin: float | None
    decided: bool
    winner: str | None
    bars: tuple[Bar, ...]
    """Heaviest first."""
    rest: int
    """Groups that are not shown."""
    rest_share: float | None
    """What these weigh together."""


def votes_of(detail: TraceDetail) -> tuple[VoteShown, ...]:
    """Return the votes, the last one first: it is the one that counts."""
    shown = [_vote(detail, verdict, len(detail.verdicts)) for verdict in detail.verdicts]
    return tuple(reversed(shown))


def _vote(detail: TraceDetail, verdict: VerdictView, of: int) -> VoteShown:
    groups = [vote for vote in detail.votes if vote.verdict_seq == verdict.seq]
    total = sum(group.weight for group in groups)

    def share(weight: float) -> float | None:
        return weight / total if total > 0 else None

    bars = tuple(
        Bar(
            answer=group.answer,
            share=share(group.weight),
            weight=group.weight,
            members=tuple(group.members),
            wins=verdict.winner in group.members,
        )
        for group in groups
    )
    return VoteShown(
        number=verdict.seq + 1,
        of=of,
        selection=SELECTIONS.get(verdict.selection, verdict.selection),
        confidence=verdict.confidence,
        margin=verdict.margin,
        decided=verdict.decided,
        winner=verdict.winner,
        bars=bars[:MOST],
        rest=len(bars[MOST:]),
        rest_share=share(sum(group.weight for group in groups[MOST:])),
    )
