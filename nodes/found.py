"""Everything a run has found, in the order it was found."""

from __future__ import annotations

from .candidate import Candidate
from .state import ReadyToVerify


def found_so_far(state: ReadyToVerify) -> tuple[Candidate, ...]:
    """Return the candidates of pilot, search and revisions, each once."""
    found = state["pilot"].candidates
    if "hunt" in state:
        found += state["hunt"].search.candidates
    chains = state["revised"].chains if "revised" in state else ()
    return found + tuple(c for chain in chains for c in chain if c.origin == "revision")


def faults_so_far(state: ReadyToVerify) -> tuple[str, ...]:
    """Return what went wrong and was survived, in the order it happened."""
    faults = state["pilot"].faults
    if "hunt" in state:
        faults += state["hunt"].search.faults
    if "revised" in state:
        faults += state["revised"].faults
    return faults
