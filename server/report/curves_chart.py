"""Accuracy against compute: all ways in one picture, and each alone beside the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes

from ...nodes.learning.study import Curve, Point, Way
from .headline import BASELINE, CONTROLLER
from .ink import INK, axes_in, drawing, svg_of
from .ways import LOOKS

Cost = Literal["tokens", "generations"]
WIDTH, HEIGHT = 460, 360
LABELS = 122
"""Pixels for the names at the right."""
GAP = 0.048
"""Between two names, of the axes' height."""
_TICKS = tuple(m * 10**e for e in range(-1, 8) for m in (1, 2, 5))
_NAMES: dict[Cost, str] = {
    "tokens": "tokens a question, generated and read by the verifier",
    "generations": "samples a question",
}


def curves_chart(name: str, curves: Sequence[Curve], cost: Cost, shown: Sequence[int]) -> str:
    """Return all curves, with the bands of the baseline and the controller; dots are at `shown` N."""
    with drawing(WIDTH, HEIGHT) as figure:
        axes = axes_in(figure, 40, 44, LABELS, 8)
        for curve in curves:
            _draw(axes, curve, cost, band=curve.way in (BASELINE, CONTROLLER), shown=shown)
        _frame(axes, curves, cost)
        axes.set_xlabel(_NAMES[cost])
        axes.set_ylabel("accuracy, %", labelpad=2)
        _label(axes, curves, cost)
        return svg_of(figure, name, f"Accuracy against {_NAMES[cost]}: {_told(curves, cost)}")


def beside_chart(name: str, curve: Curve, baseline: Curve, cost: Cost) -> str:
    """Return one curve and the baseline, both with their bands."""
    with drawing(210, 176) as figure:
        axes = axes_in(figure, 28, 24, 6, 8)
        for one in (baseline, curve):
            _draw(axes, one, cost, band=True, shown=())
        _frame(axes, (baseline, curve), cost)
        axes.tick_params(labelsize=10)
        title = f"{curve.way} beside {baseline.way}: {_told((curve, baseline), cost)}"
        return svg_of(figure, name, title)


def _draw(axes: Axes, curve: Curve, cost: Cost, *, band: bool, shown: Sequence[int]) -> None:
    look = LOOKS[curve.way]
    points = _points(curve, cost)
    xs = [_cost(point, cost) for point in points]
    colour, front = INK[look.ink], 3 if curve.way == CONTROLLER else 2
    ys = [100 * point.outlay.accuracy for point in points]
    axes.plot(xs, ys, color=colour, linewidth=look.width, linestyle=look.dash, zorder=front)
    if band:
        low, high = [100 * p.low for p in points], [100 * p.high for p in points]
        axes.fill_between(xs, low, high, color=colour, alpha=0.16, linewidth=0, zorder=1)
        at = [i for i, point in enumerate(points) if point.budget in shown]
        dots = [xs[i] for i in at], [ys[i] for i in at]
        axes.plot(*dots, "o", color=colour, markersize=5, zorder=front)


def _frame(axes: Axes, curves: Sequence[Curve], cost: Cost) -> None:
    """Set a log axis over all points, with few ticks that people read."""
    xs = [_cost(point, cost) for curve in curves for point in curve.points]
    axes.set_xscale("log")
    low, high = min(xs) / 1.08, max(xs) * 1.08
    axes.set_xlim(low, high)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    if cost == "generations":
        ticks = [2.0**e for e in range(12) if low <= 2**e <= high]
    axes.set_xticks(ticks, [_tick(tick) for tick in ticks])
    axes.set_xticks([], minor=True)


def _label(axes: Axes, curves: Sequence[Curve], cost: Cost) -> None:
    """Name every curve at the right, in the order of their ends, and lead a thin line there."""
    low, high = axes.get_ylim()
    ends: list[tuple[float, float, Way]] = []
    for curve in curves:
        last = _points(curve, cost)[-1]
        ends.append((100 * last.outlay.accuracy, _cost(last, cost), curve.way))
    ends.sort()
    places = spread([(y - low) / (high - low) for y, _, _ in ends])
    for (y, x, way), place in zip(ends, places, strict=True):
        look = LOOKS[way]
        strong = way in (BASELINE, CONTROLLER)
        axes.annotate(
            look.label,
            xy=(x, y),
            xytext=(1.045, place),
            textcoords="axes fraction",
            color=INK[look.ink],
            fontsize=11,
            fontweight="bold" if strong else "normal",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": INK[look.ink],
                "linewidth": 0.7,
                "alpha": 0.6,
                "shrinkA": 1,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def spread(places: Sequence[float]) -> list[float]:
    """Return ascending places with `GAP` between them and within the axes, moved as little as that takes."""
    placed: list[float] = []
    for place in places:
        placed.append(max(place, placed[-1] + GAP) if placed else max(place, 0.02))
    ceiling = 0.98
    for i in reversed(range(len(placed))):
        placed[i] = ceiling = min(placed[i], ceiling)
        ceiling -= GAP
    return placed


def _points(curve: Curve, cost: Cost) -> list[Point]:
    return sorted(curve.points, key=lambda point: _cost(point, cost))


def _cost(point: Point, cost: Cost) -> float:
    if cost == "generations":
        return point.outlay.generations
    return point.outlay.tokens + point.outlay.verifier_tokens


def _told(curves: Sequence[Curve], cost: Cost) -> str:
    """Return where each curve begins and ends, in words."""
    said: list[str] = []
    for curve in curves:
        first, last = (_points(curve, cost)[i] for i in (0, -1))
        said.append(
            f"{curve.way} from {first.outlay.accuracy:.1%} at {_cost(first, cost):,.0f}"
            f" to {last.outlay.accuracy:.1%} at {_cost(last, cost):,.0f}"
        )
    return "; ".join(said)


def _tick(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
