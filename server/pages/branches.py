"""The search of a run as branches that fork, from its rows; no row is left out and none comes twice.

A branch goes straight on where the search did best: where the chosen answer lies, else where a branch
was kept, else where the score is higher. What forked off stands beside the step it left. So a tree of
any depth is read from above to below, and is only as deep as side branches of side branches are.
Knows no HTML.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...storage.views import CandidateView, StepView, TraceDetail

State = Literal["chosen", "kept", "open", "cut"]
"""Of a branch, with all that forks off it: it holds the chosen answer, some whole answer, a branch that
has not ended, or none of these."""
Stage = Literal["direct", "pilot", "search", "revision"]
_ORDER: dict[State, int] = {"chosen": 0, "kept": 1, "open": 2, "cut": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStep:
    """A step as a branch shows it; a candidate that was never split into steps is one, too."""

    key: str
    text: str
    score: float | None
    n_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Steps without a fork, what ends after the last of them, and what forks off there."""

    steps: tuple[BranchStep, ...]
    """At least one."""
    ends: tuple[CandidateView, ...]
    sides: tuple[Branch, ...]
    """Best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Stretches one after the other, to an end."""

    stage: Stage
    state: State
    stretches: tuple[Stretch, ...]
    """At least one."""
    size: int
    """Steps, with those of all that forks off."""
    score: float | None
    """Of its last step that has one, on the straight way."""

    @property
    def key(self) -> str:
        """That of its first step."""
        return self.stretches[0].steps[0].key

    @property
    def last(self) -> CandidateView | None:
        """The candidate that its straight way ends in; None where that is still open."""
        ends = self.stretches[-1].ends
        return ends[0] if ends else None


def branches_of(detail: TraceDetail) -> tuple[Branch, ...]:
    """Return the branches that begin at the question: by stage, then best first."""
    rows = _Rows(detail)
    built: dict[str, Branch] = {}
    for key in reversed(rows.order):  # children before parents
        built[key] = _branch(rows, key, built)
    roots = [built[key] for key in rows.roots]
    stages: tuple[Stage, ...] = ("direct", "pilot", "search", "revision")
    return tuple(b for stage in stages for b in _best_first(roots) if b.stage == stage)


def find_branch(branches: Sequence[Branch], key: str) -> Branch | None:
    """Return the branch that begins with the step `key`, wherever it forks off; None without one."""
    return next((branch for branch in walk(branches) if branch.key == key), None)


def walk(branches: Sequence[Branch]) -> Iterator[Branch]:
    """Yield every branch, each before those that fork off it."""
    waiting = list(reversed(branches))
    while waiting:
        branch = waiting.pop()
        yield branch
        for stretch in reversed(branch.stretches):
            waiting.extend(reversed(stretch.sides))


class _Rows:
    """The rows by what they hang on."""

    def __init__(self, detail: TraceDetail) -> None:
        self.steps = {step.key: _step(step) for step in detail.steps}
        self.ends: dict[str, list[CandidateView]] = defaultdict(list)
        self.children: dict[str, list[str]] = defaultdict(list)
        self.chosen = detail.trace.candidate_key
        parents = {step.key: step.parent_key for step in detail.steps}
        for candidate in detail.candidates:
            leaf = candidate.leaf_step_key
            if leaf is None or leaf not in self.steps:
                leaf = f"text:{candidate.key}"
                self.steps[leaf] = _whole_text(candidate)
            self.ends[leaf].append(candidate)
        for key in self.steps:
            parent = parents.get(key)
            if parent is not None and parent in self.steps:
                self.children[parent].append(key)
        lost = [key for key in self.steps if (parents.get(key) or "") not in self.steps]
        self.order: list[str] = []
        """Every step, parents first."""
        self.roots: list[str] = []
        seen: set[str] = set()
        for key in (*lost, *self.steps):  # the latter for steps that hang on each other
            if key not in seen:
                self.roots.append(key)
                self._follow(key, seen)

    def _follow(self, root: str, seen: set[str]) -> None:
        waiting = [root]
        seen.add(root)
        while waiting:
            key = waiting.pop()
            self.order.append(key)
            below = [child for child in self.children[key] if child not in seen]
            self.children[key] = below
            seen.update(below)
            waiting.extend(reversed(below))


def _branch(rows: _Rows, key: str, built: dict[str, Branch]) -> Branch:
    """Return the branch that begins with the step `key`, from those that begin right after it."""
    step, ends = rows.steps[key], tuple(_winner_first(rows.ends.get(key, []), rows.chosen))
    below = _best_first([built.pop(child) for child in rows.children.get(key, [])])
    stretches: tuple[Stretch, ...]
    if below and not ends and len(below) == 1:
        first, *rest = below[0].stretches
        joined = Stretch(steps=(step, *first.steps), ends=first.ends, sides=first.sides)
        stretches = (joined, *rest)
    elif below:
        here = Stretch(steps=(step,), ends=ends, sides=tuple(below[1:]))
        stretches = (here, *below[0].stretches)
    else:
        stretches = (Stretch(steps=(step,), ends=ends, sides=()),)
    states: tuple[State, ...] = (
        *(_end_state(end, rows.chosen) for end in ends),
        *(branch.state for branch in below),
    )
    return Branch(
        stage=_stage(ends, below),
        state=min(states, key=lambda state: _ORDER[state]) if states else "open",
        stretches=stretches,
        size=1 + sum(branch.size for branch in below),
        score=below[0].score if below and below[0].score is not None else step.score,
    )


def _best_first(branches: Sequence[Branch]) -> list[Branch]:
    def rank(branch: Branch) -> tuple[int, float]:
        return _ORDER[branch.state], -(branch.score if branch.score is not None else -1.0)

    return sorted(branches, key=rank)


def _winner_first(ends: list[CandidateView], chosen: str | None) -> list[CandidateView]:
    return sorted(ends, key=lambda end: end.key != chosen)


def _end_state(end: CandidateView, chosen: str | None) -> State:
    if end.key == chosen:
        return "chosen"
    return "kept" if end.ending == "whole" else "cut"


def _stage(ends: Sequence[CandidateView], below: Sequence[Branch]) -> Stage:
    """Return what found it; a branch without any end yet is one of a search."""
    for end in ends:
        if end.origin in ("direct", "pilot", "revision"):
            return end.origin  # type: ignore[return-value]  # a text in the row
    return below[0].stage if below else "search"


def _step(step: StepView) -> BranchStep:
    return BranchStep(key=step.key, text=step.text, score=step.score, n_tokens=step.n_tokens)


def _whole_text(candidate: CandidateView) -> BranchStep:
    return BranchStep(
        key=f"text:{candidate.key}",
        text=candidate.text,
        score=candidate.score,
        n_tokens=candidate.n_tokens,
    )
