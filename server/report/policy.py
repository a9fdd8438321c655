"""The policy itself: what it serves, what it rests on, its numbers, and how it was made."""

from __future__ import annotations

from ...nodes.learning.study import Study
from ...nodes.policy.document import Dial, PolicyDocument
from ...storage.policies import scope_words
from .blocks import Cell, Mark, Part, Table
from .words import UNKNOWN, count, decimal, listed, number, percent, points, size, theta_words, when

HASH_SHOWN = 12


def policy_part(study: Study) -> Part:
    """Return all that identifies the policy, and its dials."""
    policy = study.policy
    facts = Table(
        title="What it is",
        columns=("what", "is"),
        rows=tuple((Cell(text=what), Cell(text=said)) for what, said in _facts(study)),
        shape="grid",
    )
    dials = Table(
        title="What each price of a generation buys with the controller",
        columns=("price", "accuracy", "samples", "tokens", "gain"),
        rows=tuple(
            cells
            for budget in sorted({dial.budget for dial in policy.dials})
            for cells in (
                (Cell(text=f"Budget {budget}", span=5),),
                *(_dial(dial) for dial in dict.fromkeys(policy.dials) if dial.budget == budget),
            )
        ),
        shape="grid",
    )
    return Part(
        title="The policy",
        text=(
            *policy.notes,
            *((PRICES,) if policy.dials else ("It has no dial: it has no controller.",)),
        ),
        blocks=(facts, dials) if policy.dials else (facts,),
    )


PRICES = (
    "A price is the gain in P(right) below which the controller does not buy one more generation."
    " Tokens are generated, and read by the verifier; gain is points of accuracy over best-of-N"
    " weighted with N = the budget, with its standard error. Coloured dials serve their budget: the"
    " dearest price that does not lose accuracy for it."
)


def _facts(study: Study) -> list[tuple[str, str]]:
    policy = study.policy
    sources = [
        f"{source.name}: {count(source.questions, 'question')}"
        + (f" with {count(source.samples, 'sample')} each" if source.samples else ", graded runs")
        + (f", SHA-256 {source.sha256[:HASH_SHOWN]}" if source.sha256 else "")
        for source in policy.fitted_on
    ]
    return [
        ("name", policy.name),
        ("serves", scope_words(policy.scope)),
        ("made", f"{when(policy.made)}, seed {policy.seed}, format {policy.format}"),
        ("fitted on", "; ".join(sources) or UNKNOWN),
        ("difficulty", _difficulty(policy)),
        ("confidence", _features(policy.confidence.features if policy.confidence else None)),
        ("controller", _controller(policy)),
        ("familiar questions", _familiar(policy)),
        (
            "measured on",
            (
                f"{listed(list(study.pools))}: {count(study.questions, 'question')} with"
                f" {count(study.size, 'sample')} each, two-fold: what is measured on one half was"
                f" fitted on the other; {count(study.orders, 'random order')} of the samples stand for"
                f" runs, intervals are over {count(study.draws, 'bootstrap draw')} of the questions,"
                f" seed {study.seed}, pilot {study.pilot}, {when(study.made)}"
            ),
        ),
    ]


def _difficulty(policy: PolicyDocument) -> str:
    model = policy.difficulty
    if model is None:
        return "no model: the pilot's votes and scores stand in"
    bounds = ", ".join(percent(bound) for bound in model.bounds)
    return (
        f"P(one sample is right) from {count(model.pilot, 'sample')}, {_features(model.model.features)};"
        f" AUC {decimal(model.auc)}, calibration error {decimal(model.calibration_error)}; levels 1"
        f" to 4 begin at {bounds}"
    )


def _features(features: tuple[str, ...] | None) -> str:
    if features is None:
        return "no model: the share of the vote stands in"
    return f"from {listed([f.replace('_', ' ') for f in features])}" if features else "no features"


def _controller(policy: PolicyDocument) -> str:
    if policy.controller is None:
        return "none: the table of levels and budgets serves"
    name = str(policy.controller.get("name", "?")).replace("_", " ")
    return f"{name}: {theta_words(policy.controller)}"


def _familiar(policy: PolicyDocument) -> str:
    seen = policy.familiar
    if seen is None:
        return "not known: strange questions are not noticed"
    return (
        f"P(one sample is right) {percent(seen.probability_mean)} ±"
        f" {percent(seen.probability_deviation)} over {count(seen.questions, 'question')}"
    )


def _dial(dial: Dial) -> tuple[Cell, ...]:
    outlay = dial.outlay
    return (
        Cell(text=f"{dial.price:.3g}", note="serves" if dial.chosen else "", mark=_mark(dial)),
        Cell(text=percent(outlay.accuracy)),
        Cell(text=number(outlay.generations, 1)),
        Cell(text=number(outlay.tokens), note=f"{number(outlay.verifier_tokens)} read"),
        Cell(text=points(dial.gain), note=f"± {size(dial.gain_error)}"),
    )


def _mark(dial: Dial) -> Mark:
    return "noted" if dial.chosen else ""
