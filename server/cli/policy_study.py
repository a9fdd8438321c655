"""A study on the terminal: what the policy saves, and how good what it rests on is."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...nodes.learning.study import Study
from ...nodes.replay.statistics import Interval


def render_study(study: Study) -> Group:
    """Return the tables of a study."""
    head = Text(
        f"{', '.join(study.pools)}: {study.questions} questions x {study.size} samples, pilot "
        f"{study.pilot}. All figures are two-fold: measured on questions unseen by what they measure."
    )
    return Group(head, _saved(study), _same_budget(study), _estimates(study))


def _saved(study: Study) -> RenderableType:
    table = _table(
        "Compute at equal accuracy, as a share of the other's (95%)",
        ("against", "accuracy", "way", "generated tokens", "with the verifier's", "gets there in"),
    )
    for saved in study.saved:
        equal = saved.equal
        table.add_row(
            f"{saved.against}, N = {saved.n}",
            f"{equal.accuracy:.1%}",
            saved.way,
            share(equal.ratio["tokens"]),
            share(equal.ratio["all_tokens"]),
            f"{equal.reached:.0%} of draws",
        )
    return table


def _same_budget(study: Study) -> RenderableType:
    table = _table(
        "Under one budget, beside best-of-N weighted with all of it (95%)",
        (
            "way",
            "budget",
            "points",
            "generated tokens",
            "with the verifier's",
            "the same at equal accuracy",
            "within an error",
        ),
    )
    for row in study.same_budget:
        versus = row.versus
        table.add_row(
            row.way,
            str(row.budget),
            points(versus.difference),
            share(versus.ratio["tokens"]),
            share(versus.ratio["all_tokens"]),
            share(row.at_equal_accuracy["all_tokens"]),
            "yes" if row.within_error else "NO",
        )
    return table


def _estimates(study: Study) -> RenderableType:
    table = _table(
        "Estimates on unseen questions", ("of", "AUC", "calibration error", "Brier", "level hit")
    )
    difficulty, confidence = study.difficulty, study.confidence
    level = f"{difficulty.same_level:.0%}, near {difficulty.near_level:.0%}"
    for name, calibration, hit in (
        ("difficulty: P(a sample is right)", difficulty.calibration, level),
        ("confidence: P(the answer is right)", confidence.calibration, ""),
        ("share of the vote, for comparison", confidence.vote_share, ""),
    ):
        auc = "-" if calibration.auc is None else f"{calibration.auc:.3f}"
        error, brier = f"{calibration.calibration_error:.3f}", f"{calibration.brier:.3f}"
        table.add_row(name, auc, error, brier, hit)
    return table


def share(interval: Interval) -> str:
    """Return a ratio with its interval."""
    if math.isnan(interval.value):
        return "does not get there"
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def points(interval: Interval) -> str:
    """Return a difference of accuracies with its interval, in points."""
    return f"{interval.value * 100:+.1f} [{interval.low * 100:+.1f}, {interval.high * 100:+.1f}]"


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column != "way")
    return table
