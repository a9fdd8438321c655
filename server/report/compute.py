"""Accuracy against compute: curves, what is saved at equal accuracy, and the same budget."""

from __future__ import annotations

import math
from itertools import groupby

from ...nodes.learning.study import SameBudget, Saved, Study
from .blocks import Cell, Gallery, Mark, Part, Picture, Table
from .curves_chart import beside_chart, curves_chart
from .dots_chart import Dot, Group, dots_chart
from .headline import BASELINE
from .ways import LOOKS
from .words import CERTAIN, part, part_range, percent, points, points_range, reaches


def curves_part(anchor: str, study: Study) -> Part:
    """Return the curves of all ways."""
    shown = sorted({row.budget for row in study.same_budget})
    overviews = tuple(
        Picture(svg=curves_chart(f"{anchor}-{cost}", study.curves, cost, shown), caption=caption)
        for cost, caption in (
            ("tokens", "Against all tokens: generated, and read by the verifier."),
            ("generations", "Against samples begun: what a generator alone would count."),
        )
    )
    blocks: list[Gallery | Table] = [Gallery(pictures=overviews)] if study.curves else []
    baseline = next((curve for curve in study.curves if curve.way == BASELINE), None)
    if baseline is not None:
        singles = tuple(
            Picture(
                svg=beside_chart(f"{anchor}-beside-{place}", curve, baseline, "tokens"),
                caption=curve.way,
            )
            for place, curve in enumerate(study.curves)
            if curve is not baseline
        )
        blocks.append(Gallery(pictures=singles, small=True))
    ways = tuple(
        (Cell(text=curve.way), Cell(text=LOOKS[curve.way].words)) for curve in study.curves
    )
    blocks.append(Table(title="What each way is", columns=("way", "what it does"), rows=ways))
    budgets = ", ".join(str(n) for n in shown)
    return Part(
        title="Accuracy against compute",
        text=(
            (
                "Up and to the left is better. Bands hold 95% of bootstrap draws over questions; dots"
                f" mark budgets of {budgets} samples. The small charts hold each way alone, with its"
                f" band, against {BASELINE} in grey, accuracy in % over all tokens."
            ),
        ),
        blocks=tuple(blocks),
    )


def saved_part(anchor: str, study: Study) -> Part:
    """Return the compute at equal accuracy."""
    groups = [
        (target, tuple(rows))
        for target, rows in groupby(study.saved, key=lambda row: (row.against, row.n))
    ]
    if not groups:
        return Part(title="Compute at equal accuracy", text=("This study holds none.",))
    chart = dots_chart(
        f"{anchor}-saved",
        "Share of all tokens needed at equal accuracy: "
        + "; ".join(_told(row) for row in study.saved),
        [
            Group(
                title=f"as accurate as {against} of {n}, {percent(rows[0].equal.accuracy)}",
                dots=tuple(_dot(row) for row in rows),
            )
            for (against, n), rows in groups
        ],
        label="all tokens, % of the other's",
        one=1.0,
        log=True,
    )
    table = Table(
        title="Cost over the other's at its accuracy",
        columns=("as accurate as", "way", "samples", "generated tokens", "all tokens"),
        rows=tuple(_saved_row(row) for row in study.saved),
    )
    return Part(
        title="Compute at equal accuracy",
        text=(
            (
                "What each way needs to be as accurate as the other with its N: left of the line is"
                " cheaper. Where a way's curve never has that accuracy, it does not get there, and no"
                " saving is claimed; a hollow dot gets there in fewer than"
                f" {percent(CERTAIN, 0)} of the bootstrap's draws, and its interval is over those"
                " alone, so it can lie beside the dot."
            ),
        ),
        blocks=(Gallery(pictures=(Picture(svg=chart),)), table),
    )


def same_budget_part(study: Study) -> Part:
    """Return the policy and the tables under each budget beside best-of-N weighted."""
    rows = sorted(study.same_budget, key=lambda row: row.budget)
    table = Table(
        title=f"Beside {BASELINE} with N = the budget",
        columns=(
            "budget",
            "way",
            "accuracy, points",
            "within one error",
            "samples",
            "generated tokens",
            "all tokens",
        ),
        rows=tuple(_budget_row(row) for row in rows),
    )
    return Part(
        title="The same budget",
        text=(
            (
                f"What a budget of so many samples gives: the policy, and tables of levels, less"
                f" {BASELINE} that draws them all. Costs are parts of its costs; within one error"
                " means not worse by more than one standard error of its accuracy."
            ),
        ),
        blocks=(table,),
    )


def _dot(row: Saved) -> Dot:
    every, look = row.equal.ratio["all_tokens"], LOOKS[row.way]
    return Dot(
        name=look.label,
        ink=look.ink,
        value=every.value,
        low=every.low,
        high=every.high,
        words=reaches(row.equal),
        hollow=row.equal.reached < CERTAIN,
    )


def _told(row: Saved) -> str:
    every = row.equal.ratio["all_tokens"]
    known = not math.isnan(every.value)
    said = f"{part(every.value)} ({part_range(every)})" if known else reaches(row.equal)
    return f"{row.way} as accurate as {row.against} of {row.n}, {said}"


def _saved_row(row: Saved) -> tuple[Cell, ...]:
    target = Cell(text=f"{row.against}, N {row.n}", note=f"{percent(row.equal.accuracy)} right")
    if math.isnan(row.equal.ratio["all_tokens"].value):
        off = Cell(text=reaches(row.equal), mark="off")
        nothing = Cell(text="", mark="off")
        return target, Cell(text=row.way), off, nothing, nothing
    costs = tuple(
        Cell(
            text=part(interval.value),
            note=part_range(interval),
            mark=_mark(interval.low, interval.high, 1.0) if cost == "all_tokens" else "",
        )
        for cost, interval in row.equal.ratio.items()
    )
    return target, Cell(text=row.way, note=reaches(row.equal)), *costs


def _budget_row(row: SameBudget) -> tuple[Cell, ...]:
    difference, ratio = row.versus.difference, row.versus.ratio
    return (
        Cell(text=str(row.budget)),
        Cell(text=row.way),
        Cell(
            text=points(difference.value),
            note=points_range(difference),
            mark=_mark(-difference.high, -difference.low, 0.0),
        ),
        Cell(text="yes" if row.within_error else "no", mark="" if row.within_error else "bad"),
        *(
            Cell(text=part(ratio[cost].value), note=part_range(ratio[cost]))
            for cost in ("generations", "tokens", "all_tokens")
        ),
    )


def _mark(low: float, high: float, even: float) -> Mark:
    """Return how a cost is told, of which less is better: by its interval, never by its value."""
    return "good" if high < even else "bad" if low > even else ""
