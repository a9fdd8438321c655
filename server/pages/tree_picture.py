"""The search of a run as a small picture: where each branch, step and score stands. Numbers only.

A column is a step further from the question, a row holds branches that do not meet. A branch stands in
the first row below the one it forks off from that is free where it needs it, so cut ones share rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .branches import Branch, State

NARROW, WIDE = 22, 78
"""Between columns; a shallow tree is drawn wider."""
ACROSS = 960
"""What a tree is drawn to fill, where that leaves columns between these two."""
ROW = 14
EDGE = 12
LINKED = 600
"""Steps up to which each can be clicked on."""
DRAWN = 6000
"""Steps up to which a picture is drawn at all."""
Mark = Literal["step", "whole", "chosen", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A step; `mark` says what ends there."""

    key: str
    x: int
    y: int
    grade: str
    """Which fifth of [0, 1] its score is in, 0 to 4; `none` without a score."""
    mark: Mark
    text: str
    """Of the step."""
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Steps that look the same, in one path: dots are lines without length, with round ends."""

    path: str
    grade: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The ways of all branches of one state, each from where it forks off."""

    path: str
    """SVG path data."""
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePicture:
    """All of it; later lines are drawn over earlier ones."""

    width: int
    height: int
    lines: tuple[Lines, ...]
    dots: tuple[Dot, ...]
    """Each a link to its step; of a large picture only the chosen answer's."""
    many: tuple[Dots, ...]
    """The others of a large picture."""
    told: str
    """The picture in words."""


def grade_of(score: float | None) -> str:
    """Return which fifth of [0, 1] a score is in, 0 to 4; `none` without one."""
    return "none" if score is None else str(max(0, min(4, int(score * 5))))


def picture_of(branches: Sequence[Branch], chosen: str | None) -> TreePicture | None:
    """Return the picture; None where there is nothing to draw, or more than a page can show."""
    size = sum(branch.size for branch in branches)
    if not 1 < size <= DRAWN:
        return None
    depth = max(_depth(branches), 1)
    column = max(NARROW, min(WIDE, ACROSS // depth))
    placed = _Placed(chosen=chosen, column=column)
    placed.place(branches)
    order: tuple[State, ...] = ("cut", "open", "kept", "chosen")
    branched, cut = sum(map(len, placed.ways.values())), len(placed.ways.get("cut", ()))
    linked = placed.dots if size <= LINKED else [d for d in placed.dots if d.mark == "chosen"]
    return TreePicture(
        width=2 * EDGE + (depth - 1) * column,
        height=2 * EDGE + (len(placed.ends) - 1) * ROW,
        lines=tuple(
            Lines(path="".join(placed.ways[s]), state=s) for s in order if s in placed.ways
        ),
        dots=tuple(linked),
        many=() if size <= LINKED else _many(placed.dots),
        told=f"The search as a tree: {size} steps in {branched} branches, {cut} of them cut.",
    )


def _many(dots: Sequence[Dot]) -> tuple[Dots, ...]:
    paths: dict[tuple[str, Mark], list[str]] = {}
    for dot in dots:
        drawn = (
            f"M{dot.x - 3} {dot.y - 3}l6 6m0-6l-6 6" if dot.mark == "cut" else f"M{dot.x} {dot.y}h0"
        )
        paths.setdefault((dot.grade, dot.mark), []).append(drawn)
    return tuple(
        Dots(path="".join(drawn), grade=grade, mark=mark)
        for (grade, mark), drawn in sorted(paths.items())
        if mark != "chosen"
    )


def _depth(branches: Sequence[Branch]) -> int:
    """Return how many steps the longest way has."""
    deepest, waiting = 0, [(branch, 0) for branch in branches]
    while waiting:
        branch, before = waiting.pop()
        for stretch in branch.stretches:
            before += len(stretch.steps)
            waiting += [(side, before) for side in stretch.sides]
        deepest = max(deepest, before)
    return deepest


class _Placed:
    """Branches that have their place."""

    def __init__(self, *, chosen: str | None, column: int) -> None:
        self.ways: dict[State, list[str]] = {}
        self.dots: list[Dot] = []
        self.ends: list[int] = []
        """The first column that is free to the end, in each row."""
        self._chosen = chosen
        self._column = column

    def place(self, branches: Sequence[Branch]) -> None:
        """Place all branches, those that begin nearer to the question first."""
        waiting: dict[int, list[tuple[Branch, int]]] = {0: [(branch, -1) for branch in branches]}
        column = 0
        while waiting:
            for branch, from_row in waiting.pop(column, []):
                for side, at, row in self._branch(branch, column, from_row):
                    waiting.setdefault(at, []).append((side, row))
            column += 1

    def _branch(self, branch: Branch, column: int, from_row: int) -> list[tuple[Branch, int, int]]:
        steps = sum(len(stretch.steps) for stretch in branch.stretches)
        row = self._free_row(column, from_row)
        self.ends[row] = column + steps
        x, y = EDGE + column * self._column, EDGE + row * ROW
        path = f"M{x} {y}h{(steps - 1) * self._column}" if steps > 1 else ""
        if from_row >= 0:
            up, half = (from_row - row) * ROW, self._column // 2
            path += f"M{x} {y}c-{half} 0-{half} {up}-{self._column} {up}"
        self.ways.setdefault(branch.state, []).append(path)
        sides: list[tuple[Branch, int, int]] = []
        for stretch in branch.stretches:
            for step in stretch.steps:
                is_last = step is stretch.steps[-1]
                mark: Mark = "step"
                endings = [end.ending for end in stretch.ends] if is_last else []
                if is_last and any(end.key == self._chosen for end in stretch.ends):
                    mark = "chosen"
                elif "whole" in endings:
                    mark = "whole"
                elif endings and not stretch.sides:
                    mark = "cut"
                self.dots.append(
                    Dot(
                        key=step.key,
                        x=EDGE + column * self._column,
                        y=y,
                        grade=grade_of(step.score),
                        mark=mark,
                        text=step.text,
                        score=step.score,
                    )
                )
                column += 1
            sides += [(side, column, row) for side in stretch.sides]
        return sides

    def _free_row(self, column: int, from_row: int) -> int:
        for row in range(from_row + 1, len(self.ends)):
            if self.ends[row] <= column:
                return row
        self.ends.append(-1)
        return len(self.ends) - 1
