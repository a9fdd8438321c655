"""Live accuracy with Wilson's intervals, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...nodes.evaluating import Share, Summary
from .blocks import Cell, Gallery, Part, Picture, Table
from .dots_chart import Dot, Group, dots_chart
from .live import Evaluation
from .words import number, percent, percent_range

INKS = ("ours", "majority", "levels", "stop", "baseline")
"""Of the evaluations, in their order; the sixth has the first one's again."""


def accuracy_part(
    anchor: str, evaluations: Sequence[Evaluation], summaries: Sequence[Summary]
) -> Part:
    """Return all evaluations beside each other, by level where the data has levels."""
    groups = [Group(title="all questions", dots=_dots(evaluations, summaries, None))]
    for level in sorted({level for summary in summaries for level in summary.by_level}):
        dots = _dots(evaluations, summaries, level)
        groups.append(Group(title=f"level {level} of the data", dots=dots))
    told = "; ".join(
        f"{group.title}, {dot.name}: {percent(dot.value)}" for group in groups for dot in group.dots
    )
    chart = dots_chart(
        f"{anchor}-accuracy", f"Accuracy: {told}", groups, label="accuracy", one=None, log=False
    )
    table = Table(
        title="Means a question that was answered",
        columns=(
            "evaluation",
            "accuracy",
            "failed",
            "samples",
            "generated tokens",
            "verifier tokens",
            "seconds",
        ),
        rows=tuple(map(_row, evaluations, summaries)),
    )
    return Part(
        title="Accuracy and costs",
        text=("Wilson's 95% intervals; a run that failed is a wrong answer.",),
        blocks=(Gallery(pictures=(Picture(svg=chart),)), table),
    )


def _dots(
    evaluations: Sequence[Evaluation], summaries: Sequence[Summary], level: int | None
) -> tuple[Dot, ...]:
    dots: list[Dot] = []
    for place, (evaluation, summary) in enumerate(zip(evaluations, summaries, strict=True)):
        share: Share | None = summary.accuracy if level is None else summary.by_level.get(level)
        if share is not None:
            dots.append(
                Dot(
                    name=_short(evaluation.record.name),
                    ink=INKS[place % len(INKS)],
                    value=share.value,
                    low=share.low,
                    high=share.high,
                )
            )
    return tuple(dots)


def _row(evaluation: Evaluation, summary: Summary) -> tuple[Cell, ...]:
    accuracy, took = summary.accuracy, summary.seconds
    spread = "" if took is None else f"p50 {took.p50:.2f}, p95 {took.p95:.2f}"
    return (
        Cell(text=evaluation.record.name, note=_settings(evaluation)),
        Cell(text=percent(accuracy.value), note=percent_range(accuracy.low, accuracy.high)),
        Cell(text=str(summary.failed), mark="bad" if summary.failed else ""),
        Cell(text=number(summary.generations, 1)),
        Cell(text=number(summary.completion_tokens)),
        Cell(text=number(summary.verifier_tokens)),
        Cell(text=number(None if took is None else took.mean, 2), note=spread),
    )


def _settings(evaluation: Evaluation) -> str:
    """Return the data and all that was chosen."""
    record = evaluation.record
    chosen = [f"{name} {_value(value)}" for name, value in record.settings.items() if value]
    return f"{record.data}; {', '.join(chosen)}" if chosen else record.data


def _value(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _short(name: str) -> str:
    """Return a name that fits beside a chart; names that are made differ at their end."""
    return name if len(name) <= 20 else f"{name[:9]}…{name[-10:]}"
