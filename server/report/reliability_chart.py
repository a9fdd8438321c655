"""Reliability: what came true beside what was predicted, each line named where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ...nodes.learning.calibration import Calibration
from .ink import INK, axes_in, drawing, svg_of

SIDE = 300
AREA = 260.0
"""Of a dot that held all rows, in square pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One line."""

    label: str
    ink: str
    calibration: Calibration


def reliability_chart(name: str, title: str, label: str, lines: Sequence[Prediction]) -> str:
    """Return the lines beside the diagonal of a perfect one; a dot's area is its share of the rows."""
    with drawing(SIDE + 40, SIDE) as figure:
        axes = axes_in(figure, 44, 42, 30, 8)
        axes.plot([0, 1], [0, 1], color=INK["faint"], linewidth=1, linestyle=(0, (4, 3)))
        for line in lines:
            bins = line.calibration.bins
            ink = INK[line.ink]
            xs, ys = [b.predicted for b in bins], [b.observed for b in bins]
            axes.plot(xs, ys, color=ink, linewidth=1.6)
            areas = [max(12.0, AREA * b.rows / line.calibration.rows) for b in bins]
            axes.scatter(xs, ys, s=areas, color=ink, linewidths=0, clip_on=False, zorder=3)
            if len(lines) > 1:
                _name(
                    axes, line, above=line.calibration.predicted <= line.calibration.observed + 0.1
                )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        ticks = [0, 0.25, 0.5, 0.75, 1]
        axes.set_xticks(ticks, [f"{100 * tick:g}%" for tick in ticks])
        axes.set_yticks(ticks, [f"{100 * tick:g}%" for tick in ticks])
        axes.set_xlabel("predicted")
        axes.set_ylabel(label, labelpad=2)
        return svg_of(figure, name, title)


def _name(axes: Axes, line: Prediction, *, above: bool) -> None:
    """Name a line at its middle: above it to the left, or below it to the right."""
    bins = line.calibration.bins
    middle = bins[len(bins) // 2 if above else len(bins) // 3]
    axes.annotate(
        line.label,
        xy=(middle.predicted, middle.observed),
        xytext=(-8, 9) if above else (8, -9),
        textcoords="offset points",
        color=INK[line.ink],
        fontweight="bold",
        ha="right" if above else "left",
        va="center",
    )
