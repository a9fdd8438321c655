"""Whether what a caller needs has been met: by a run so far, and by its answer.

How sure an answer is, is the policy's calibrated P(right) where there is a model for it, else the share
of the vote, which is no probability; a vote of one has no share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from .budget import Budget, Meter
from .candidate import Candidate
from .logistic import LogisticModel
from .needs import Needs
from .verdict import Verdict
from .verdict_features import verdict_features

Number = TypeVar("Number", int, float)


def limited(budget: Budget, needs: Needs | None) -> Budget:
    """Return the budget with the seconds and tokens that are needed as limits too."""
    if needs is None:
        return budget
    return replace(
        budget,
        tokens=_least(budget.tokens, needs.tokens),
        deadline_s=_least(budget.deadline_s, needs.seconds),
    )


def probability_of(
    model: LogisticModel | None, verdict: Verdict, candidates: Sequence[Candidate]
) -> float | None:
    """Return P(the winner is right).

    None without a model, without a vote, or where what the model looks at is not known.
    """
    if model is None or not verdict.groups:
        return None
    features = verdict_features(verdict, candidates)
    if not features.keys() >= set(model.features):
        return None
    return model.predict(features)


def are_met(needs: Needs, verdict: Verdict, probability: float | None, meter: Meter) -> bool:
    """Say whether all that is needed is met by answering with this verdict now."""
    sure = _share(verdict) if probability is None else probability
    return (
        (needs.confidence is None or (sure is not None and sure >= needs.confidence))
        and (needs.seconds is None or meter.seconds <= needs.seconds)
        and (needs.tokens is None or meter.usage.completion_tokens <= needs.tokens)
    )


def is_enough(
    needs: Needs | None, verdict: Verdict, probability: float | None, meter: Meter
) -> bool:
    """Say whether a run may stop here because all is met.

    Needs without a confidence never are a reason to stop: any answer at all would be enough.
    """
    if needs is None or needs.confidence is None:
        return False
    return are_met(needs, verdict, probability, meter)


def _share(verdict: Verdict) -> float | None:
    """Return the winner's share of the vote, where more than one voted."""
    voters = sum(len(group.members) for group in verdict.groups)
    return verdict.confidence if voters > 1 else None


def _least(a: Number | None, b: Number | None) -> Number | None:
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)
