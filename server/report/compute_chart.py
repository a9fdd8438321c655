"""Accuracy against tokens: a dot with its interval for each of some kinds of run, named beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from .curves_chart import spread
from .ink import INK, axes_in, drawing, svg_of

WIDTH, HEIGHT = 380, 290
LABELS = 106
"""Pixels for the names at the right."""
_STEPS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), tuple(n / 10 for n in range(10, 100, 2)))
"""Between two powers of ten; the first that gives a few ticks is taken."""
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Some runs: what they cost, and how many of them were right."""

    label: str
    tokens: float
    """Mean of a run; more than 0."""
    accuracy: float
    low: float
    high: float


def compute_chart(name: str, title: str, ink: str, dots: Sequence[Spent], *, joined: bool) -> str:
    """Return the chart of at least one dot; `joined` draws a line through them in their order."""
    with drawing(WIDTH, HEIGHT) as figure:
        axes = axes_in(figure, 44, 44, LABELS, 8)
        xs, ys = [dot.tokens for dot in dots], [100 * dot.accuracy for dot in dots]
        for dot in dots:
            ends = [100 * dot.low, 100 * dot.high]
            axes.plot([dot.tokens] * 2, ends, color=INK[ink], linewidth=1.6, alpha=0.45)
        axes.plot(xs, ys, "o", color=INK[ink], markersize=7, zorder=3)
        if joined:
            axes.plot(xs, ys, color=INK[ink], linewidth=1.4)
        _frame(axes, dots)
        _label(axes, dots)
        return svg_of(figure, name, title)


def _frame(axes: Axes, dots: Sequence[Spent]) -> None:
    axes.set_xscale("log")
    low, high = min(dot.tokens for dot in dots) / 1.3, max(dot.tokens for dot in dots) * 1.3
    axes.set_xlim(low, high)
    ticks = _ticks(low, high)
    axes.set_xticks(ticks, [_tick(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    bottom, top = min(dot.low for dot in dots), max(dot.high for dot in dots)
    axes.set_ylim(max(0, 100 * bottom - 4), min(104, 100 * top + 4))
    axes.set_xlabel("tokens a run, generated and read by the verifier")
    axes.set_ylabel("right, %", labelpad=2)


def _ticks(low: float, high: float) -> list[float]:
    found: list[float] = []
    for steps in _STEPS:
        found = [m * 10.0**e for e in range(9) for m in steps if low <= m * 10.0**e <= high]
        if len(found) >= _FEW:
            break
    return found[:: 1 + len(found) // 7]


def _tick(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def _label(axes: Axes, dots: Sequence[Spent]) -> None:
    """Name every dot at the right, in the order of their height, and lead a thin line there."""
    low, high = axes.get_ylim()
    order = sorted(dots, key=lambda dot: dot.accuracy)
    places = spread([(100 * dot.accuracy - low) / (high - low) for dot in order])
    for dot, place in zip(order, places, strict=True):
        axes.annotate(
            dot.label,
            xy=(dot.tokens, 100 * dot.accuracy),
            xytext=(1.04, place),
            textcoords="axes fraction",
            color=INK["ink"],
            fontsize=11,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": INK["faint"],
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 5,
                "relpos": (0, 0.5),
            },
        )
