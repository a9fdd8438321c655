"""Notices that questions are unlike those a policy was fitted on, and steps back while they are.

What is watched is the predicted P(correct) of a sample. On the questions of the fit it has a known mean
and deviation, so the mean of n others like them is within 4 standard errors of it, save once in some
ten thousand looks. The newest questions alone count, so that it notices a change late in the life of
a process, and that the strange ones are over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..algorithms.best_of_n import BestOfN
from .base import Plan, Situation
from .builtin import WAVE, BuiltinPolicy
from .document import Familiar

LEAST = 30
"""Questions before anything is said."""
MOST = 200
"""The newest ones, which count."""
ERRORS = 4.0
"""Standard errors that the mean may be off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The predictions for the newest questions, oldest first."""

    predicted: tuple[float, ...] = ()

    def after(self, probability: float) -> Drift:
        """Return it with one more question."""
        return replace(self, predicted=(*self.predicted, probability)[-MOST:])

    def is_strange_to(self, familiar: Familiar) -> bool:
        """Say whether the questions are unlike those of the fit."""
        n, deviation = len(self.predicted), familiar.probability_deviation
        if n < LEAST or deviation <= 0:
            return False
        off = abs(math.fsum(self.predicted) / n - familiar.probability_mean)
        return off > ERRORS * deviation / math.sqrt(n)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedBack:
    """Best-of-N with all there is, in place of a policy that does not know such questions."""

    reference: str
    """Names the policy that stepped back."""

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        why = "questions unlike those the policy was fitted on"
        if situation.kind == "free" or not (situation.verifier or situation.judge):
            plan = BuiltinPolicy().choose(situation)
            return replace(plan, why=f"{why} ({self.reference}); {plan.why}")
        return Plan(
            strategy=BestOfN(n=situation.room, wave=WAVE),
            policy=self.reference,
            why=f"{why}: best-of-N with all there is",
            difficulty=situation.difficulty,
        )
