"""One run as its page shows it, put together from the parts. Knows no HTML."""

from __future__ import annotations

from dataclasses import dataclass

from ...storage.grades import Grade
from ...storage.views import TraceDetail, TraceView
from .branches import branches_of
from .outline import ShownStage, stages
from .revisions import Chains, chains_of
from .time_line import TimeLine, time_line_of
from .totals import RoleTotal, totals_of
from .tree_picture import TreePicture, picture_of
from .votes import VoteShown, votes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """All that is on it."""

    trace: TraceView
    stages: tuple[ShownStage, ...]
    steps: int
    candidates: int
    pruned: int
    picture: TreePicture | None
    votes: tuple[VoteShown, ...]
    revisions: Chains
    time_line: TimeLine | None
    totals: tuple[RoleTotal, ...]
    grades: tuple[Grade, ...]
    """Oldest first."""

    @property
    def running(self) -> bool:
        """The run goes on, as far as its trace says."""
        return self.trace.status == "running"


def trace_page(detail: TraceDetail) -> TracePage:
    """Return the page of a run."""
    branches = branches_of(detail)
    key = detail.trace.candidate_key
    return TracePage(
        trace=detail.trace,
        stages=stages(branches),
        steps=len(detail.steps),
        candidates=len(detail.candidates),
        pruned=sum(candidate.ending == "pruned" for candidate in detail.candidates),
        picture=picture_of(branches, key),
        votes=votes_of(detail),
        revisions=chains_of(detail),
        time_line=time_line_of(detail),
        totals=totals_of(detail),
        grades=detail.grades,
    )
