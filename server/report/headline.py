"""What a study says in one sentence, what it says in a few more, and what speaks against it.

Every number is the study's own. An interval that holds no difference is said to hold none only where it
is narrow; what a curve does not reach is not called a saving.
"""

from __future__ import annotations

import math

from ...nodes.learning.study import SameBudget, Saved, Study
from .words import (
    CERTAIN,
    count,
    decimal,
    listed,
    part,
    part_range,
    percent,
    points,
    points_range,
    reaches,
    size,
)

NARROW = 0.03
"""Widest half of an interval, in accuracy, that lets two ways be called equal."""
BASELINE = "best-of-N weighted"
CONTROLLER = "continuous controller"


def headline(study: Study) -> str:
    """Return the sentence: the policy beside as many samples as its largest budget allows."""
    rows = policy_rows(study)
    if not rows:
        return "This study does not hold the policy against best-of-N weighted."
    row = rows[-1]
    return (
        f"{_verdict(row)} {_cost(row)}; the difference in accuracy is"
        f" {points(row.versus.difference.value)} points"
        f" (95% interval {points_range(row.versus.difference)})."
    )


def facts(study: Study) -> tuple[str, ...]:
    """Return what else is worth a sentence."""
    said = [
        _equal(saved)
        for saved in study.saved
        if saved.way == CONTROLLER and not math.isnan(saved.equal.ratio["all_tokens"].value)
    ]
    rows = policy_rows(study)
    if rows and all(row.within_error for row in rows):
        budgets = listed([str(row.budget) for row in rows])
        said.append(
            f"With a budget of {budgets} samples the policy is never worse than {BASELINE} with as"
            " many by more than one standard error."
        )
    if rows:
        equal = rows[-1].at_equal_accuracy["all_tokens"]
        said.append(
            f"With a budget of {rows[-1].budget} it spends {part(equal.value)} of the tokens (95%"
            f" interval {part_range(equal)}) that {BASELINE} needs to be as accurate as it is."
        )
    sure, share = study.confidence.calibration, study.confidence.vote_share
    said.append(
        "P(the answer is right) is off by"
        f" {size(sure.calibration_error)} points on average, the plain share of the vote by"
        f" {size(share.calibration_error)}; AUC"
        f" {decimal(sure.auc)} against {decimal(share.auc)}."
    )
    return tuple(said)


def cautions(study: Study) -> tuple[str, ...]:
    """Return what a reader should not overlook."""
    said = [
        f"With a budget of {row.budget} samples, {_name(row)} is less accurate than {BASELINE} by"
        f" more than one standard error: {points(row.versus.difference.value)} points"
        f" ({points_range(row.versus.difference)})."
        for row in study.same_budget
        if not row.within_error
    ]
    said += [
        f"With a budget of {row.budget} samples the policy's loss is small, but beyond chance:"
        f" {points(row.versus.difference.value)} points ({points_range(row.versus.difference)})."
        for row in policy_rows(study)
        if row.within_error and row.versus.difference.high < 0
    ]
    said += [
        f"At the accuracy of {saved.against} with {saved.n} samples the controller"
        f" {reaches(saved.equal)}; "
        + (
            "no saving at equal accuracy can be claimed there."
            if math.isnan(saved.equal.ratio["all_tokens"].value)
            else "its interval there is over those alone."
        )
        for saved in study.saved
        if saved.way == CONTROLLER and saved.equal.reached < CERTAIN
    ]
    rows = policy_rows(study)
    if rows and not rows[-1].at_equal_accuracy["all_tokens"].high < 1:
        said.append(
            f"With a budget of {rows[-1].budget} samples a saving at equal accuracy is not certain:"
            f" its 95% interval, {part_range(rows[-1].at_equal_accuracy['all_tokens'])} of the"
            " tokens, holds 100% or more."
        )
    errors = [row.versus.baseline_error for row in study.same_budget]
    if errors:
        said.append(
            f"{count(study.questions, 'question')}: the standard error of one accuracy is up to"
            f" {size(max(errors))} points. Differences are paired, and"
            " sharper than that."
        )
    return tuple(said)


def policy_rows(study: Study) -> list[SameBudget]:
    """Return the policy beside best-of-N weighted, by budget."""
    rows = [row for row in study.same_budget if row.way == "policy"]
    return sorted(rows, key=lambda row: row.budget)


def _verdict(row: SameBudget) -> str:
    low, high = row.versus.difference.low, row.versus.difference.high
    if not row.within_error:
        return f"Less accurate than {row.budget} samples,"
    if low > 0:
        return f"More accurate than {row.budget} samples,"
    if high < 0:
        return f"A little less accurate than {row.budget} samples,"
    if max(-low, high) <= NARROW:
        return f"As accurate as {row.budget} samples"
    return f"No clear difference from {row.budget} samples,"


def _cost(row: SameBudget) -> str:
    tokens, every = row.versus.ratio["tokens"].value, row.versus.ratio["all_tokens"].value
    dearer = ", which saves nothing" if every >= 1 else ""
    return (
        f"for {part(tokens)} of the generated tokens and {part(every)} of all tokens, the"
        f" verifier's reading counted{dearer}"
    )


def _equal(saved: Saved) -> str:
    every = saved.equal.ratio["all_tokens"]
    doubt = f"; it {reaches(saved.equal)}" if saved.equal.reached < CERTAIN else ""
    return (
        f"To be as accurate as {saved.against} with {saved.n} samples"
        f" ({percent(saved.equal.accuracy)} right) the controller needs {part(every.value)} of its"
        f" tokens, the verifier's counted (95% interval {part_range(every)}){doubt}."
    )


def _name(row: SameBudget) -> str:
    return "the policy" if row.way == "policy" else f"the {row.way}"
