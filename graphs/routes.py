"""Where a run goes next: pure functions of its state."""

from __future__ import annotations

from typing import Literal

from ..nodes.state import Estimated, ReadyToAnswer, Searched

DOUBT = 0.5
"""A leading answer with less than this share of the weight is in doubt."""


def after_estimate(state: Estimated) -> Literal["plan", "verify"]:
    """A pilot that agrees, is enough, or spent the budget, is put to the vote as it is."""
    return "verify" if state["pilot"].stopped else "plan"


def after_search(state: Searched) -> Literal["search", "plan", "verify"]:
    """Another round, another plan for a question harder than thought, or the vote."""
    hunt = state["hunt"]
    if hunt.harder:
        return "plan"
    return "verify" if hunt.search.done else "search"


def after_verify(state: ReadyToAnswer) -> Literal["revise", "answer"]:
    """Revisions where they are planned, affordable, and the vote is in doubt."""
    plans, hunt, revised = state.get("plans"), state.get("hunt"), state.get("revised")
    if not plans or plans[-1].revisions is None or state["enough"]:
        return "answer"
    if (state["verdict"].confidence or 0) >= DOUBT:
        return "answer"
    if hunt is None or hunt.stopped != "completed" or (revised is not None and revised.done):
        return "answer"
    return "revise"
