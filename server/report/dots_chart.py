"""Dots with their intervals, one row each, under headings: cost at equal accuracy, shares side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from .ink import INK, axes_in, drawing, svg_of

WIDTH = 460
ROW = 21
"""Pixels a row."""
NAMES = 138
"""Pixels for the names of the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One row."""

    name: str
    ink: str
    value: float
    """nan leaves the row to its words."""
    low: float = math.nan
    high: float = math.nan
    words: str = ""
    """Beside the interval, or in its place."""
    hollow: bool = False
    """For what is less sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under a heading."""

    title: str
    dots: tuple[Dot, ...]


def dots_chart(
    name: str, title: str, groups: Sequence[Group], *, label: str, one: float | None, log: bool
) -> str:
    """Return the rows from above; values are shares, `one` is where a line stands."""
    rows = sum(len(group.dots) + 1 for group in groups)
    with drawing(WIDTH, rows * ROW + 46) as figure:
        axes = axes_in(figure, NAMES, 40, 12, 6)
        if log:
            axes.set_xscale("log")
        axes.set_xlim(*_limits(groups, one, log))
        axes.set_ylim(rows - 0.5, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        y = 0
        for group in groups:
            _write(axes, y, group.title, bold=True)
            for dot in group.dots:
                y += 1
                _row(axes, y, dot)
            y += 1
        if one is not None:
            axes.axvline(one, color=INK["ink"], linewidth=1)
        if log:
            ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2, 5) if _within(t, axes.get_xlim())]
            axes.set_xticks(ticks, [f"{100 * tick:g}%" for tick in ticks])
            axes.set_xticks([], minor=True)
        else:
            axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        axes.set_xlabel(label)
        return svg_of(figure, name, title)


def _row(axes: Axes, y: int, dot: Dot) -> None:
    _write(axes, y, dot.name)
    if math.isnan(dot.value):
        axes.annotate(
            dot.words,
            xy=(0.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=10.5,
            fontstyle="italic",
        )
        return
    ink = INK[dot.ink]
    if not math.isnan(dot.low):
        axes.plot([dot.low, dot.high], [y, y], color=ink, linewidth=2, solid_capstyle="butt")
    axes.plot(
        [dot.value],
        [y],
        "o",
        markersize=7,
        color=ink,
        markeredgewidth=1.6,
        markerfacecolor=INK["ground"] if dot.hollow else ink,
        clip_on=False,
    )


def _write(axes: Axes, y: int, text: str, *, bold: bool = False) -> None:
    """Write at the left edge of the picture."""
    axes.annotate(
        text,
        xy=(0, y),
        xycoords=("figure fraction", "data"),
        va="center",
        fontsize=11,
        fontweight="bold" if bold else "normal",
        annotation_clip=False,
    )


def _limits(groups: Sequence[Group], one: float | None, log: bool) -> tuple[float, float]:
    """Return the ends of the axis, with room around all that is drawn."""
    told = [x for group in groups for dot in group.dots for x in (dot.value, dot.low, dot.high)]
    drawn = [x for x in told if not math.isnan(x)] + ([one] if one is not None else [])
    low, high = min(drawn, default=0.0), max(drawn, default=1.0)
    if log:
        return low / 1.25, high * 1.25
    room = max(0.05 * (high - low), 0.01)
    return max(0.0, low - room), min(1.0, high + room)


def _within(tick: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= tick <= limits[1]
