"""What an earlier run of the same request had found before it was broken off, for the next to go on.

The keys of its candidates and steps are marked, so that they cannot be those of new ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .candidate import Candidate, Step
from .values import Usage

MARK = "r-"
"""Before the key of what was found by an earlier run; once more for each run since."""
DRAWN = frozenset({"whole", "length", "empty"})
"""How a sample ends that was drawn to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One run, and those that it went on from."""

    trace_id: str
    candidates: tuple[Candidate, ...]
    """All that had ended, in the order they were found, marked."""
    usage: Usage
    """Spent on them, and on what was lost."""

    @property
    def generations(self) -> int:
        """What they count for: a branch that was given up on the way counts for none."""
        return sum(c.ending not in ("pruned", "rollout", "stopped") for c in self.candidates)

    @property
    def samples(self) -> int:
        """How many were drawn whole and knew of no other."""
        return len(drawn(self.candidates))


def marked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return candidates under keys of an earlier run."""
    return tuple(
        replace(
            candidate,
            key=MARK + candidate.key,
            attempts=tuple(MARK + key for key in candidate.attempts),
            steps=tuple(map(_marked_step, candidate.steps)),
        )
        for candidate in candidates
    )


def drawn(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return those that were drawn whole and knew of no other; a step-wise branch, whose key is its
    last step's, did."""
    return tuple(
        c
        for c in candidates
        if c.ending in DRAWN
        and c.origin != "revision"
        and not (c.steps and c.steps[-1].key == c.key)
    )


def _marked_step(step: Step) -> Step:
    parent = None if step.parent is None else MARK + step.parent
    return replace(step, key=MARK + step.key, parent=parent)
