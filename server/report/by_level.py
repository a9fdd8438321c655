"""By level: how accurate, and which strategy was chosen where."""

from __future__ import annotations

import math

from ...nodes.learning.study import LevelRow, Study
from ...nodes.policy.document import Outlay
from .blocks import Cell, Gallery, Part, Picture, Table
from .levels_chart import KEYS, levels_chart, top_of
from .words import number, percent, strategy_words


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
        title="Accuracy, and samples drawn",
        columns=("budget", "level", "of the runs", *(key.text for key in KEYS)),
        rows=tuple(_row(row) for budget in budgets for row in _of(study, budget)),
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


def chosen_part(study: Study) -> Part:
    """Return the strategy of each level and budget."""
    budgets, levels = _budgets(study), sorted({row.level for row in study.levels})
    chosen = {(row.level, row.budget): row for row in study.levels}
    table = Table(
        title="Strategy by level and budget",
        columns=("level", *(f"budget {budget}" for budget in budgets)),
        rows=tuple(
            (
                Cell(text=f"{level}"),
                *(_strategy(chosen.get((level, budget)), study.pilot) for budget in budgets),
            )
            for level in levels
        ),
        shape="grid",
    )
    return Part(
        title="Which strategy was chosen where",
        text=(
            (
                "Of the table of levels, the pilot's samples counted. Best is the answer with the"
                " largest sum of verifier scores; coloured cells differ from what the budget buys"
                " without a policy: best of all its samples, drawn at once."
            ),
        ),
        blocks=(table,) if budgets else (),
    )


def _row(row: LevelRow) -> tuple[Cell, ...]:
    outlays = (row.baseline, row.chosen, row.controller)
    names = Cell(text=str(row.budget)), Cell(text=str(row.level))
    return *names, Cell(text=percent(row.share, 0)), *(_measured(outlay) for outlay in outlays)


def _measured(outlay: Outlay) -> Cell:
    if math.isnan(outlay.accuracy):
        return Cell(text="no run", mark="off")
    return Cell(text=percent(outlay.accuracy), note=f"{number(outlay.generations, 1)} samples")


def _strategy(row: LevelRow | None, pilot: int) -> Cell:
    if row is None:
        return Cell(text="", mark="off")
    words = strategy_words(row.theta, pilot)
    return Cell(text=words, mark="" if words == f"best of {row.budget}" else "good")


def _of(study: Study, budget: int) -> list[LevelRow]:
    return sorted((r for r in study.levels if r.budget == budget), key=lambda r: r.level)


def _budgets(study: Study) -> list[int]:
    return sorted({row.budget for row in study.levels})
