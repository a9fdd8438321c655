"""Which strategy the policy has for each level and budget."""

from __future__ import annotations

from ...nodes.learning.study import Study
from ...nodes.policy.document import Option
from .blocks import Cell, Part, Table
from .words import strategy_words

REPLAY = "replay"
"""Source of an option that was measured on recorded samples."""


def chosen_part(study: Study) -> Part:
    """Return the policy's table."""
    chosen: dict[tuple[int, int], Option] = {
        (o.level, o.budget): o for o in study.policy.options if o.chosen
    }
    if not chosen:
        none = "The policy has no table of levels and budgets."
        return Part(title="Which strategy was chosen where", text=(none,))
    levels, budgets = ({key[i] for key in chosen} for i in (0, 1))
    table = Table(
        title="Strategy by level and budget",
        columns=("level", *(f"budget {budget}" for budget in sorted(budgets))),
        rows=tuple(
            (
                Cell(text=str(level)),
                *(_strategy(chosen.get((level, b)), study.pilot) for b in sorted(budgets)),
            )
            for level in sorted(levels)
        ),
        shape="grid",
    )
    serves = (
        "by which it serves" if study.policy.controller is None else "its controller goes first"
    )
    return Part(
        title="Which strategy was chosen where",
        text=(
            (
                f"The policy's table of levels; {serves}. The pilot's samples are counted. Best is"
                " the answer with the largest sum of verifier scores; coloured cells differ from"
                " what the budget buys without a policy: best of all its samples, drawn at once."
            ),
        ),
        blocks=(table,),
    )


def _strategy(option: Option | None, pilot: int) -> Cell:
    if option is None:
        return Cell(text="", mark="off")
    words = strategy_words(option.theta, pilot)
    return Cell(
        text=words,
        note="" if option.source == REPLAY else f"measured in {option.source}",
        mark="" if words == f"best of {option.budget}" else "noted",
    )
