"""The section of live evaluations: accuracy, costs, calibration, why runs stopped and what decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...nodes.evaluating import Summary
from ...nodes.learning.calibration import Calibration
from ...storage.graded_runs import GradedRun
from .blocks import Cell, Gallery, Part, Picture, Section, Table
from .live import Evaluation, calibration, counted, paired, summary_of
from .live_accuracy import INKS, accuracy_part
from .reliability_chart import Prediction, reliability_chart
from .trust import reliability_words, scores_table
from .words import count, percent, percent_range, points, points_range

ANCHOR = "live"


def live_section(evaluations: Sequence[Evaluation]) -> Section:
    """Return the section; at least one evaluation.

    Raises:
        FitError: scikit-learn is not installed.
    """
    summaries = [summary_of(evaluation) for evaluation in evaluations]
    return Section(
        anchor=ANCHOR,
        title=f"Live evaluation{'s' if len(evaluations) > 1 else ''}",
        headline=_headline(evaluations, summaries),
        facts=tuple(_against(one, evaluations[0]) for one in evaluations[1:]),
        cautions=tuple(
            f"{evaluation.record.name}: {count(summary.failed, 'run')} failed, counted as wrong."
            for evaluation, summary in zip(evaluations, summaries, strict=True)
            if summary.failed
        ),
        parts=(
            accuracy_part(ANCHOR, evaluations, summaries),
            _trust_part(
                "difficulty",
                "Is the live difficulty right?",
                "P(one sample is right), from the pilot, beside whether the final answer was: more"
                " of these are right than single samples are, so that dots above the line are to"
                " be expected, and the order is what counts (AUC).",
                evaluations,
                lambda run: run.difficulty_probability,
            ),
            _trust_part(
                "probability",
                "Is the live confidence right?",
                "P(the answer is right), as replies state it, beside whether it was.",
                evaluations,
                lambda run: run.probability,
            ),
            _trust_part(
                "share",
                "And the share of the vote?",
                "The plain share of the vote, taken for a probability, for comparison.",
                evaluations,
                lambda run: run.confidence,
            ),
            _decided_part(evaluations),
        ),
    )


def _headline(evaluations: Sequence[Evaluation], summaries: Sequence[Summary]) -> str:
    said = [
        f"{evaluation.record.name} {percent(summary.accuracy.value)} of"
        f" {count(summary.accuracy.of, 'question')} right"
        f" ({percent_range(summary.accuracy.low, summary.accuracy.high)})"
        + ("" if summary.generations is None else f", {summary.generations:.1f} samples each")
        for evaluation, summary in zip(evaluations, summaries, strict=True)
    ]
    return f"{'; '.join(said)}."


def _against(ours: Evaluation, theirs: Evaluation) -> str:
    pair = f"{ours.record.name} beside {theirs.record.name}"
    found = paired(ours, theirs)
    if found is None:
        return f"{pair}: no question in common."
    difference, questions = found
    return (
        f"{pair}: {points(difference.value)} points (95% interval {points_range(difference)}) on"
        f" {count(questions, 'question')} of both."
    )


def _trust_part(
    what: str,
    title: str,
    text: str,
    evaluations: Sequence[Evaluation],
    predicted: Callable[[GradedRun], float | None],
) -> Part:
    found: list[tuple[str, Calibration]] = []
    pictures: list[Picture] = []
    for place, one in enumerate(evaluations):
        answered = [run for run in one.runs if run.error is None]
        scores = calibration((predicted(run), run.right) for run in answered)
        if scores is not None:
            name = one.record.name
            found.append((name, scores))
            line = Prediction(label=name, ink=INKS[place % len(INKS)], calibration=scores)
            chart = reliability_chart(
                f"{ANCHOR}-{what}-{place}",
                f"Reliability in {name}: {reliability_words(scores)}",
                "answers that were right",
                [line],
            )
            pictures.append(Picture(svg=chart, caption=name, square=True))
    if not found:
        return Part(title=title, text=(text, "No run of these states it."))
    table = scores_table(tuple(found), title="Scores of runs with an answer")
    return Part(title=title, text=(text,), blocks=(Gallery(pictures=tuple(pictures)), table))


def _decided_part(evaluations: Sequence[Evaluation]) -> Part:
    fields = ("stop_reason", "strategy", "policy")
    rows = tuple(
        (
            Cell(text=evaluation.record.name),
            *(Cell(text=counted(evaluation, field).replace("_", " ")) for field in fields),
        )
        for evaluation in evaluations
    )
    table = Table(
        title="Runs with an answer, by what they say",
        columns=("evaluation", "why they stopped", "strategy", "policy"),
        rows=rows,
    )
    return Part(title="What decided, and why runs stopped", blocks=(table,))
