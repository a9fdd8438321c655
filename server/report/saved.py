"""Compute at equal accuracy: what each way needs to be as accurate as another with its N."""

from __future__ import annotations

import math
from itertools import groupby

from ...nodes.learning.study import Saved, Study
from .blocks import Cell, Gallery, Part, Picture, Table, cost_mark
from .dots_chart import Dot, Group, dots_chart
from .ways import LOOKS
from .words import CERTAIN, part, part_range, percent, reaches


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
                title=f"as accurate as {against} of {n}: {percent(rows[0].equal.accuracy)}",
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
        columns=("way", "samples", "generated tokens", "all tokens"),
        rows=tuple(
            row
            for (against, n), members in groups
            for row in (_target(against, n, members[0], 4), *map(_saved_row, members))
        ),
        shape="grid",
    )
    return Part(
        title="Compute at equal accuracy",
        text=(
            (
                "What each way needs to be as accurate as the other with its N: left of the line is"
                " cheaper. Where a way's curve never has that accuracy, it does not get there, and no"
                " saving is claimed; a hollow dot gets there in fewer than"
                f" {percent(CERTAIN, 0)} of the bootstrap's draws, and its interval is over those"
                " alone, so it can lie beside the dot. Colour in the table is for costs whose"
                " interval does not hold 100%."
            ),
        ),
        blocks=(Gallery(pictures=(Picture(svg=chart),)), table),
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


def _target(against: str, n: int, row: Saved, span: int) -> tuple[Cell, ...]:
    right = percent(row.equal.accuracy)
    return (Cell(text=f"As accurate as {against} with {n} samples: {right} right", span=span),)


def _saved_row(row: Saved) -> tuple[Cell, ...]:
    if math.isnan(row.equal.ratio["all_tokens"].value):
        return Cell(text=row.way), Cell(text=reaches(row.equal), mark="off", span=3)
    costs = tuple(
        Cell(
            text=part(interval.value),
            note=part_range(interval),
            mark=cost_mark(interval.low, interval.high, 1.0) if cost == "all_tokens" else "",
        )
        for cost, interval in row.equal.ratio.items()
    )
    return Cell(text=row.way, note=reaches(row.equal)), *costs
