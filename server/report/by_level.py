"""By level: how accurate best-of-N, what was chosen for the level, and the controller are."""

from __future__ import annotations

import math

from ...nodes.learning.study import LevelRow, Study
from ...nodes.policy.document import Outlay
from .blocks import Cell, Gallery, Part, Picture, Table
from .levels_chart import KEYS, levels_chart, top_of
from .words import number, percent


def levels_part(anchor: str, study: Study) -> Part:
    """Return accuracy by level and budget."""
    budgets = _budgets(study)
    top = top_of(study.levels)
    pictures = tuple(
        Picture(
            svg=levels_chart(f"{anchor}-levels-{budget}", budget, _of(study, budget), top),
            caption=f"budget {budget}",
        )
        for budget in budgets
    )
    table = Table(
        title="Accuracy, and below it the mean of samples drawn",
        columns=("level", "of the runs", *(key.text for key in KEYS)),
        rows=tuple(
            cells
            for budget in budgets
            for cells in (
                (Cell(text=f"Budget {budget}", span=5),),
                *(_row(row) for row in _of(study, budget)),
            )
        ),
        shape="grid",
    )
    return Part(
        title="By level of difficulty",
        text=(
            (
                "Levels are predicted from the pilot, 1 the easiest. Accuracy in %, with 95% intervals"
                " of each alone; all three answered the same questions. What was chosen for a level"
                " was chosen on these questions too, so its points are a little rosy."
            ),
        ),
        blocks=(Gallery(pictures=pictures, keys=KEYS, small=True), table) if budgets else (),
    )


def _row(row: LevelRow) -> tuple[Cell, ...]:
    outlays = (row.baseline, row.chosen, row.controller)
    share = Cell(text=percent(row.share, 0))
    return Cell(text=str(row.level)), share, *(_measured(outlay) for outlay in outlays)


def _measured(outlay: Outlay) -> Cell:
    if math.isnan(outlay.accuracy):
        return Cell(text="no run", mark="off")
    return Cell(text=percent(outlay.accuracy), note=number(outlay.generations, 1))


def _of(study: Study, budget: int) -> list[LevelRow]:
    return sorted((r for r in study.levels if r.budget == budget), key=lambda r: r.level)


def _budgets(study: Study) -> list[int]:
    return sorted({row.budget for row in study.levels})
