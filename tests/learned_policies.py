"""A small learned policy told by hand."""

from __future__ import annotations

from forethought.nodes.logistic import LogisticModel, Term
from forethought.nodes.policy.document import (
    Dial,
    DifficultyModel,
    Familiar,
    FittedOn,
    Option,
    Outlay,
    PolicyDocument,
    Scope,
)

ANY = Scope()
OUTLAY = Outlay(
    accuracy=0.8125,
    error=0.0123,
    generations=9.5,
    tokens=1234.5,
    verifier_tokens=2345.0,
    rounds=2.0,
)
MODEL = LogisticModel(
    intercept=-0.1,
    terms=(Term(feature="vote_share", mean=0.5, scale=0.25, coefficient=1.5),),
    slope=0.9,
    offset=1e-7,
)


def document(
    name: str = "gsm8k", *, scope: Scope = ANY, seed: int = 1, **more: object
) -> PolicyDocument:
    """A policy that was fitted on nothing."""
    return PolicyDocument(
        name=name,
        scope=scope,
        made="2026-11-24T10:00:00+00:00",
        seed=seed,
        fitted_on=(FittedOn(name="pool", sha256="ab" * 32, questions=60, samples=64),),
        **more,  # type: ignore[arg-type]  # fields of the document, named by the test
    )


FULL = document(
    "gsm8k",
    scope=Scope(model="qwen-0.5b", verifier="prm", kind="number"),
    difficulty=DifficultyModel(
        model=MODEL, bounds=(0.9, 0.6, 0.4, 0.1), pilot=4, auc=0.871, calibration_error=0.0312
    ),
    confidence=MODEL,
    options=(
        Option(
            level=2,
            budget=16,
            theta={"name": "best_of_n", "n": 12, "wave": 4, "selection": "weighted"},
            outlay=OUTLAY,
            gain=0.0,
            gain_error=0.0,
            questions=12,
        ),
        Option(
            level=2,
            budget=16,
            theta={"name": "esc", "n": 12, "window": 1.0, "cut": None, "strict": True},
            outlay=OUTLAY,
            gain=0.0101,
            gain_error=0.004,
            questions=12,
            chosen=True,
        ),
        Option(
            level=1,
            budget=8,
            theta={"name": "majority"},
            outlay=OUTLAY,
            gain=-0.001,
            gain_error=0.002,
            questions=12,
            chosen=True,
            source="graded runs",
        ),
    ),
    controller={"name": "marginal_gain", "n": 64, "price": 0.001},
    dials=(
        Dial(price=0.02, budget=16, outlay=OUTLAY, gain=-0.01, gain_error=0.01),
        Dial(price=0.00125, budget=16, outlay=OUTLAY, gain=0.02, gain_error=0.01, chosen=True),
    ),
    familiar=Familiar(questions=60, probability_mean=0.45, probability_deviation=0.3),
    notes=("level 5 has [few] questions\x1b[2J",),
)
