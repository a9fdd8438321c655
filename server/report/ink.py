"""Charts as SVG that takes its colours, fonts and size from the page around it.

Matplotlib draws with a stand-in colour for each name, which becomes `var(--name)`; ids get the chart's
name, so that many charts share a page. The same chart is the same text every time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

_NAMES = ("ink", "faint", "baseline", "ours", "stop", "majority", "levels", "ground")
INK = {name: f"#a1b2{place:02x}" for place, name in enumerate(_NAMES)}
"""Stand-in colours."""
PIXELS = 72
"""Matplotlib's SVG has so many units to the inch."""
_STYLE: dict[RcKeyType, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "forethought",
    "font.size": 11,
    "axes.linewidth": 0.8,
    "axes.edgecolor": INK["faint"],
    "axes.facecolor": "none",
    "axes.labelcolor": INK["ink"],
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": INK["faint"],
    "grid.alpha": 0.25,
    "grid.linewidth": 0.8,
    "text.color": INK["ink"],
    "xtick.color": INK["faint"],
    "ytick.color": INK["faint"],
    "xtick.labelcolor": INK["ink"],
    "ytick.labelcolor": INK["ink"],
    "xtick.minor.visible": False,
}
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_FACE = re.compile(r"font-family: [^;\"]+(; )?")
"""The page's own face is inherited in its place."""


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """Give a figure of so many pixels; `svg_of` is called inside."""
    with rc_context(_STYLE):
        yield Figure(figsize=(width / PIXELS, height / PIXELS), dpi=PIXELS)


def axes_in(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Return axes with so many pixels around them."""
    width, height = figure.get_size_inches() * PIXELS
    return figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    )


def svg_of(figure: Figure, name: str, title: str) -> str:
    """Return the figure as an SVG element whose ids begin with `name`, `title` told to a screen reader."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_METADATA)
    width, height = figure.get_size_inches() * PIXELS
    _, _, drawn = buffer.getvalue().partition("<svg ")
    _, _, drawn = drawn.partition(">")
    drawn = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawn, flags=re.DOTALL
    )
    drawn = re.sub(r' id="([^"]+)"', rf' id="{name}-\1"', drawn)
    drawn = re.sub(r'(url\(#|href="#)', rf"\1{name}-", drawn)
    drawn = _FACE.sub("", drawn)
    for ink, stand_in in INK.items():
        drawn = drawn.replace(stand_in, f"var(--{ink})")
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{escape(title)}</title>{drawn}'
    )
