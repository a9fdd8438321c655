"""What a page shows of a search at once, and what it leaves to be loaded when somebody opens it.

A run may have thousands of steps, a page that opens at once a few hundred. The chosen branch comes
first, then those nearest to it. What is left out is counted and can be reached: no step is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ...storage.views import CandidateView
from .branches import Branch, BranchStep, Stage, State, Stretch, walk

AT_ONCE = 400
"""Steps on a page, the chosen branch's own apart."""
OF_BRANCH, OF_BRANCH_LARGE = 250, 40
"""Steps on the straight way of one branch; fewer where the search is larger than `AT_ONCE`."""
BESIDE, BESIDE_LARGE = 40, 3
"""Branches that fork off at one step; there, too. At the question there may always be as many."""
DEPTH = 8
"""Side branches in side branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What is not on the page, and where it begins."""

    of: str
    """Key of the branch, or of the step that branches fork off at, or `stage:` and a stage."""
    skip: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStretch:
    """A stretch of a branch, or the part of one that is shown."""

    steps: tuple[BranchStep, ...]
    ends: tuple[CandidateView, ...]
    sides: ShownList


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBranch:
    """A branch; `stretches` is empty where all of it is left for later."""

    key: str
    stage: Stage
    state: State
    size: int
    score: float | None
    text: str
    """Of its first step."""
    last: CandidateView | None
    stretches: tuple[ShownStretch, ...]
    rest: Later | None
    """Of its straight way; None where all is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList:
    """Branches beside each other."""

    branches: tuple[ShownBranch, ...]
    rest: Later | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStage:
    """What one stage of the run found."""

    stage: Stage
    count: int
    list: ShownList


def stages(branches: Sequence[Branch]) -> tuple[ShownStage, ...]:
    """Return the branches of a run by stage, as far as a page shows them at once."""
    view = _View(branches)
    found: list[ShownStage] = []
    order: dict[Stage, None] = dict.fromkeys(branch.stage for branch in branches)
    for stage in order:
        members = [branch for branch in branches if branch.stage == stage]
        shown = view.list_of(members, f"stage:{stage}", 0, BESIDE)
        found.append(ShownStage(stage=stage, count=len(members), list=shown))
    return tuple(found)


def later(branches: Sequence[Branch], of: str, skip: int) -> ShownBranch | ShownList | None:
    """Return what a `Later` of these branches stands for; None where there is no such thing."""
    if of.startswith("stage:"):
        members = [b for b in branches if b.stage == of.removeprefix("stage:")][skip:]
        return _View(members[:BESIDE]).list_of(members, of, skip, BESIDE) if members else None
    for branch in walk(branches):
        if branch.key == of:
            return _View([branch], asked=True).branch_of(branch, skip)
        for stretch in branch.stretches:
            if f"sides:{stretch.steps[-1].key}" == of:
                rest = stretch.sides[skip:]
                return _View(rest[:BESIDE]).list_of(rest, of, skip, BESIDE) if rest else None
    return None


class _View:
    """How much of some branches is shown."""

    def __init__(self, branches: Sequence[Branch], *, asked: bool = False) -> None:
        """Args: asked: The branches are what somebody wants to see, chosen or not."""
        large = sum(branch.size for branch in branches) > AT_ONCE
        self._of_branch = OF_BRANCH_LARGE if large else OF_BRANCH
        self._beside = BESIDE_LARGE if large else BESIDE
        self._now = {branch.key for branch in branches} if asked else set[str]()
        """Keys of the branches whose steps are shown, by how near they are to the top."""
        left = AT_ONCE
        waiting = deque((branch, 0) for branch in branches)
        while waiting and left > 0:
            branch, depth = waiting.popleft()
            steps = min(sum(len(stretch.steps) for stretch in branch.stretches), self._of_branch)
            free = branch.state == "chosen" or branch.key in self._now
            if depth > DEPTH or (steps > left and not free):
                continue
            self._now.add(branch.key)
            left -= 0 if free else steps
            for stretch in branch.stretches:
                waiting.extend((side, depth + 1) for side in stretch.sides[: self._beside])

    def list_of(self, branches: Sequence[Branch], of: str, skipped: int, most: int) -> ShownList:
        """Return the first `most` of them, `skipped` ones having been shown before."""
        shown = tuple(self.branch_of(branch, 0) for branch in branches[:most])
        left = len(branches) - len(shown)
        rest = Later(of=of, skip=skipped + len(shown), left=left) if left else None
        return ShownList(branches=shown, rest=rest)

    def branch_of(self, branch: Branch, skip: int) -> ShownBranch:
        """Return a branch from step `skip` of its straight way on."""
        total = sum(len(stretch.steps) for stretch in branch.stretches)
        shown: tuple[ShownStretch, ...] = ()
        if branch.key in self._now:
            shown = tuple(self._stretches(branch.stretches, skip))
        return _shown(branch, shown, skip, total)

    def _stretches(self, stretches: Sequence[Stretch], skip: int) -> list[ShownStretch]:
        found: list[ShownStretch] = []
        left = self._of_branch
        for stretch in stretches:
            steps = tuple(islice(stretch.steps, skip, skip + left))
            complete = skip + left >= len(stretch.steps)
            skip = max(0, skip - len(stretch.steps))
            if not steps:
                continue
            left -= len(steps)
            sides = self.list_of(
                stretch.sides if complete else (),
                f"sides:{stretch.steps[-1].key}",
                0,
                self._beside,
            )
            ends = stretch.ends if complete else ()
            found.append(ShownStretch(steps=steps, ends=ends, sides=sides))
            if left <= 0:
                break
        return found


def _shown(branch: Branch, shown: tuple[ShownStretch, ...], skip: int, total: int) -> ShownBranch:
    upto = skip + sum(len(stretch.steps) for stretch in shown)
    rest = Later(of=branch.key, skip=upto, left=total - upto) if upto < total else None
    return ShownBranch(
        key=branch.key,
        stage=branch.stage,
        state=branch.state,
        size=branch.size,
        score=branch.score,
        text=branch.stretches[0].steps[0].text,
        last=branch.last,
        stretches=shown,
        rest=rest,
    )
