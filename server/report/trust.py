"""Calibration: whether difficulty and confidence are what they say."""

from __future__ import annotations

from ...nodes.learning.calibration import Calibration
from ...nodes.learning.study import Study
from .blocks import Cell, Gallery, Part, Picture, Table
from .reliability_chart import Prediction, reliability_chart
from .words import count, decimal, listed, number, percent

COLUMNS = ("", "predicted", "came true", "AUC", "ECE", "log loss")


def difficulty_part(anchor: str, study: Study) -> Part:
    """Return how good the estimate of difficulty is."""
    report = study.difficulty
    line = Prediction(label="difficulty", ink="ours", calibration=report.calibration)
    chart = reliability_chart(
        f"{anchor}-difficulty",
        f"Reliability of the difficulty: {reliability_words(report.calibration)}",
        "samples that were right",
        [line],
    )
    ranks = decimal(report.rank_correlation)
    return Part(
        title="Is the difficulty right?",
        text=(
            (
                f"P(one more sample is right), read off a pilot of {report.pilot} samples, beside the"
                f" share of the other samples that were; on {count(report.pilots, 'pilot')} of"
                f" {count(report.questions, 'question')} unseen by"
                f" it; the estimate was {listed(list(report.methods))}."
            ),
            (
                f"The level is the oracle's in {percent(report.same_level)} of pilots (a fifth by"
                f" chance) and at most one off in {percent(report.near_level)} (52% by chance)."
                f" Spearman's rank correlation with a question's share of right samples is {ranks}."
            ),
            SCORES,
        ),
        blocks=(
            Gallery(pictures=(Picture(svg=chart, caption=DOTS, square=True),)),
            scores_table((("difficulty", report.calibration),)),
        ),
    )


def confidence_part(anchor: str, study: Study) -> Part:
    """Return how good P(the answer is right) is, beside the plain share of the vote."""
    report = study.confidence
    lines = [
        Prediction(label="share of the vote", ink="majority", calibration=report.vote_share),
        Prediction(label="P(right)", ink="ours", calibration=report.calibration),
    ]
    said = "; ".join(f"{line.label}, {reliability_words(line.calibration)}" for line in lines)
    chart = reliability_chart(
        f"{anchor}-confidence",
        f"Reliability of confidence: {said}",
        "answers that were right",
        lines,
    )
    rows = [("P(right)", report.calibration), ("share of the vote", report.vote_share)]
    by_n = tuple((count(n, "sample"), calibration) for n, calibration in report.by_samples)
    return Part(
        title="Is the confidence right?",
        text=(
            (
                "P(the answer is right), which a reply states, beside how often it was; and the plain"
                " share of the vote, taken for a probability, for comparison. On"
                f" {count(report.questions, 'question')} in turn unseen by the model."
            ),
        ),
        blocks=(
            Gallery(pictures=(Picture(svg=chart, caption=DOTS, square=True),)),
            scores_table(tuple(rows)),
            scores_table(by_n, title="P(right) by the samples that voted"),
        ),
    )


DOTS = "On the dashed line all is as predicted. A dot's area is its share of the cases."
SCORES = (
    "AUC is the chance that a case that came true was given more than one that did not; ECE, the"
    " expected calibration error, the mean distance of a dot from the dashed line."
)


def scores_table(
    rows: tuple[tuple[str, Calibration], ...], *, title: str = "Scores, held out"
) -> Table:
    """Return the scores of each, by name."""
    return Table(
        title=title,
        columns=COLUMNS,
        rows=tuple(
            (
                Cell(text=name, note=f"{number(c.rows)} cases"),
                Cell(text=percent(c.predicted)),
                Cell(text=percent(c.observed)),
                Cell(text=decimal(c.auc)),
                Cell(text=decimal(c.calibration_error)),
                Cell(text=decimal(c.log_loss)),
            )
            for name, c in rows
        ),
        shape="grid",
    )


def reliability_words(calibration: Calibration) -> str:
    """Return the dots of a reliability diagram in words."""
    dots = (f"{b.predicted:.0%} predicted, {b.observed:.0%} true" for b in calibration.bins)
    return "; ".join(dots)
