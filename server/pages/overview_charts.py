"""The overview's charts, drawn by the report's own code; without matplotlib there are none.

The report's SVG is styled by attributes that a strict policy does not let a browser read. SVG has an
attribute of its own for each of them, which it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...nodes.learning.calibration import Bin, Calibration, expected_calibration_error
from ..report.words import count
from .overview import Counted, OverviewPage
from .words import share_words

_STYLE = re.compile(r' style="([^"]*)"')
JOINED = ("effort",)
"""Kinds of runs with a line through them: a dial that is turned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """SVG elements; empty ones are not drawn."""

    compute: tuple[tuple[str, str], ...] = ()
    """By what, and the chart."""
    calibration: tuple[str, ...] = ()
    """One for each of the page's."""
    missing: str = ""
    """Why there are none."""


def charts_of(page: OverviewPage) -> Charts:
    """Return the charts of the page. Only one thread may draw at a time."""
    try:
        import matplotlib  # noqa: F401  # for nothing but the error, before the report's modules
    except ImportError:
        return Charts(missing="Charts need the extra: pip install 'forethought[fit]'")
    return Charts(
        compute=tuple((by, svg) for by, _ in page.by if (svg := _compute(page, by))),
        calibration=tuple(_reliability(place, one) for place, one in enumerate(page.calibration)),
    )


def by_attributes(svg: str) -> str:
    """Return the SVG with an attribute for each property of its styles."""

    def attributes(found: re.Match[str]) -> str:
        properties = (part.partition(":") for part in found[1].split(";") if part.strip())
        return "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in properties)

    return _STYLE.sub(attributes, svg)


def _compute(page: OverviewPage, by: str) -> str:
    from ..report.compute_chart import Spent, compute_chart

    groups = [g for name, found in page.by if name == by for g in found if g.right and g.tokens]
    if not groups or by == "day":
        return ""
    dots = [
        Spent(
            label=group.name,
            tokens=group.tokens,
            accuracy=group.right.value,
            low=min(group.right.low, group.right.value),
            high=max(group.right.high, group.right.value),
        )
        for group in groups
        if group.right is not None
    ]
    told = "; ".join(f"{d.label} {share_words(d.accuracy)} at {d.tokens:,.0f} tokens" for d in dots)
    title = f"Accuracy against tokens by {by}: {told}"
    chart = compute_chart(f"compute-{by}", title, "ours", dots, joined=by in JOINED)
    return by_attributes(chart)


def _reliability(place: int, counted: Counted) -> str:
    from ..report.reliability_chart import Prediction, reliability_chart

    lines = [
        Prediction(label="", ink="ours", calibration=_calibration(counted, which))
        for which in range(len(counted.rows[0][2]))
    ]
    told = "; ".join(
        f"{share_words(said)} said, {' to '.join(map(share_words, true))} true"
        for _, said, true in counted.rows
    )
    runs = count(sum(rows for rows, _, _ in counted.rows), "run")
    title = f"{counted.title} {runs}: {told}"
    return by_attributes(reliability_chart(f"calibration-{place}", title, counted.label, lines))


def _calibration(counted: Counted, which: int) -> Calibration:
    bins = tuple(
        Bin(rows=runs, predicted=said, observed=true[which]) for runs, said, true in counted.rows
    )
    rows = sum(one.rows for one in bins)
    nothing = float("nan")
    return Calibration(
        rows=rows,
        observed=sum(one.rows * one.observed for one in bins) / rows,
        predicted=sum(one.rows * one.predicted for one in bins) / rows,
        auc=None,
        calibration_error=expected_calibration_error(bins),
        log_loss=nothing,
        brier=nothing,
        bins=bins,
    )
