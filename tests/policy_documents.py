"""Small policies for tests: what is not named has a value that says nothing."""

from __future__ import annotations

from collections.abc import Sequence

from forethought.nodes.algorithms.registry import JsonScalar
from forethought.nodes.difficulty.base import Level
from forethought.nodes.logistic import LogisticModel, Term
from forethought.nodes.policy.document import (
    Dial,
    DifficultyModel,
    Familiar,
    Option,
    Outlay,
    PolicyDocument,
    Scope,
)

CONTROLLER: dict[str, JsonScalar] = {"name": "marginal_gain"}
"""Its other numbers are those of the strategy."""


def outlay(
    accuracy: float = 0.5,
    *,
    tokens: float = 1000.0,
    read: float = 0.0,
    generations: float = 10.0,
    rounds: float = 2.0,
) -> Outlay:
    return Outlay(
        accuracy=accuracy,
        error=0.01,
        generations=generations,
        tokens=tokens,
        verifier_tokens=read,
        rounds=rounds,
    )


def option(
    level: Level,
    budget: int,
    theta: dict[str, JsonScalar],
    given: Outlay | None = None,
    *,
    chosen: bool = False,
) -> Option:
    return Option(
        level=level,
        budget=budget,
        theta=theta,
        outlay=given or outlay(),
        gain=0.02,
        gain_error=0.01,
        questions=100,
        chosen=chosen,
    )


def dial(
    price: float,
    generations: float,
    *,
    budget: int = 64,
    accuracy: float = 0.5,
    chosen: bool = False,
) -> Dial:
    return Dial(
        price=price,
        budget=budget,
        outlay=outlay(accuracy, generations=generations, tokens=100 * generations),
        gain=0.0,
        gain_error=0.01,
        chosen=chosen,
    )


def logistic(intercept: float = 0.0, **coefficients: float) -> LogisticModel:
    """Return a model of features as they are, neither centred nor scaled."""
    terms = tuple(
        Term(feature=name, mean=0.0, scale=1.0, coefficient=value)
        for name, value in coefficients.items()
    )
    return LogisticModel(intercept=intercept, terms=terms)


def difficulty_model(pilot: int = 4, **coefficients: float) -> DifficultyModel:
    """Return a model; by default P(right) rises with the share of the leading answer."""
    model = logistic(-2.0, **(coefficients or {"leader_share": 4.0}))
    return DifficultyModel(model=model, bounds=(0.8, 0.6, 0.4, 0.2), pilot=pilot)


def document(
    *,
    options: Sequence[Option] = (),
    controller: dict[str, JsonScalar] | None = None,
    dials: Sequence[Dial] = (),
    difficulty: DifficultyModel | None = None,
    confidence: LogisticModel | None = None,
    familiar: Familiar | None = None,
    scope: Scope | None = None,
    name: str = "tiny",
) -> PolicyDocument:
    return PolicyDocument(
        name=name,
        scope=scope or Scope(),
        made="2026-11-23T00:00:00Z",
        seed=0,
        fitted_on=(),
        difficulty=difficulty,
        confidence=confidence,
        options=tuple(options),
        controller=controller,
        dials=tuple(dials),
        familiar=familiar,
    )
