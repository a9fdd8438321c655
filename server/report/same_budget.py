"""The same budget: the policy and the tables of levels beside best-of-N weighted."""

from __future__ import annotations

from ...nodes.learning.study import SameBudget, Study
from ...nodes.replay.statistics import Interval
from .blocks import Cell, Part, Table, cost_mark
from .headline import BASELINE
from .words import part, part_range, points, points_range


def same_budget_part(study: Study) -> Part:
    """Return the policy and the tables under each budget beside best-of-N weighted."""
    table = Table(
        title=f"Beside {BASELINE} with N = the budget",
        columns=(
            "way",
            "accuracy, points",
            "within one error",
            "samples",
            "generated tokens",
            "all tokens",
            "the same, equal accuracy",
        ),
        rows=tuple(
            cells
            for budget in sorted({row.budget for row in study.same_budget})
            for cells in (
                (Cell(text=f"Budget {budget}", span=7),),
                *(_budget_row(row) for row in study.same_budget if row.budget == budget),
            )
        ),
    )
    return Part(
        title="The same budget",
        text=(
            (
                f"What a budget of so many samples gives: the policy, and tables of levels, less"
                f" {BASELINE} that draws them all. Costs are parts of its costs; within one error"
                " means not worse by more than one standard error of its accuracy. The last column"
                f" is over what {BASELINE} needs to be as accurate as the way is, at most all"
                " samples. Colour is for what the 95% interval tells from no difference."
            ),
        ),
        blocks=(table,),
    )


def _budget_row(row: SameBudget) -> tuple[Cell, ...]:
    difference, ratio = row.versus.difference, row.versus.ratio
    equal = row.at_equal_accuracy["all_tokens"]
    return (
        Cell(text=row.way),
        Cell(
            text=points(difference.value),
            note=_same(difference) or points_range(difference),
            mark=cost_mark(-difference.high, -difference.low, 0.0),
        ),
        Cell(text="yes" if row.within_error else "no", mark="" if row.within_error else "bad"),
        *(
            Cell(text=part(ratio[cost].value), note=part_range(ratio[cost]))
            for cost in ("generations", "tokens", "all_tokens")
        ),
        Cell(
            text=part(equal.value),
            note=part_range(equal),
            mark=cost_mark(equal.low, equal.high, 1.0),
        ),
    )


def _same(difference: Interval) -> str:
    """Say where every run was as right as the other: not a narrow interval, but the same answers."""
    return "" if difference.low or difference.high else "in every draw"
