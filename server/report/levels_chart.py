"""Accuracy by level under one budget: best-of-N, what was chosen there, and the controller."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...nodes.learning.study import LevelRow
from ...nodes.policy.document import Outlay
from .blocks import Key
from .ink import INK, axes_in, drawing, svg_of

KEYS = (
    Key(ink="baseline", text="best-of-N weighted"),
    Key(ink="levels", text="chosen for the level"),
    Key(ink="ours", text="controller"),
)
Z = 1.96
"""Standard errors to each side of a 95% interval."""


def levels_chart(name: str, budget: int, rows: Sequence[LevelRow], highest: float) -> str:
    """Return the chart of one budget; `highest` is the top of the axis, equal for all budgets."""
    with drawing(220, 190) as figure:
        axes = axes_in(figure, 30, 38, 6, 8)
        told: list[str] = []
        for key, shift, outlays in zip(KEYS, (-0.2, 0.0, 0.2), _outlays(rows), strict=True):
            axes.errorbar(
                [row.level + shift for row in rows],
                [100 * outlay.accuracy for outlay in outlays],
                yerr=[100 * Z * outlay.error for outlay in outlays],
                fmt="o",
                color=INK[key.ink],
                markersize=4.5,
                elinewidth=1.4,
            )
            said = ", ".join(f"{outlay.accuracy:.0%}" for outlay in outlays)
            told.append(f"{key.text} {said}")
        axes.set_ylim(0, 100 * highest)
        levels = [row.level for row in rows]
        axes.set_xticks(levels, [str(level) for level in levels])
        axes.tick_params(labelsize=10)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("level, 1 the easiest")
        title = f"Accuracy by level, budget {budget}, level {levels}: {'; '.join(told)}"
        return svg_of(figure, name, title)


def top_of(rows: Sequence[LevelRow]) -> float:
    """Return the top of an axis that holds all intervals."""
    ends = [o.accuracy + Z * o.error for outlays in _outlays(rows) for o in outlays]
    known = [end for end in ends if not math.isnan(end)]
    return min(1.0, 1.05 * max(known, default=1.0))


def _outlays(rows: Sequence[LevelRow]) -> tuple[list[Outlay], list[Outlay], list[Outlay]]:
    """Return those of each key, in their order."""
    return (
        [row.baseline for row in rows],
        [row.chosen for row in rows],
        [row.controller for row in rows],
    )
