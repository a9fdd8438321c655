"""A fitted logistic model as plain numbers, so that serving needs nothing that fitted it.

P = sigmoid(calibration of (intercept + sum of coefficient * (feature - mean) / scale)). It does not
know what its features are; `fit` made it from features of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One feature's part."""

    feature: str
    mean: float
    """In the data it was fitted on; stands in nowhere: a missing feature is an error."""
    scale: float
    """Standard deviation there, above 0."""
    coefficient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticModel:
    """Features to a probability."""

    intercept: float
    terms: tuple[Term, ...]
    slope: float = 1.0
    """Of the calibration, a line in log-odds (Platt scaling), fitted on data the rest had not seen."""
    offset: float = 0.0

    @property
    def features(self) -> tuple[str, ...]:
        """What it needs."""
        return tuple(term.feature for term in self.terms)

    def predict(self, features: Mapping[str, float]) -> float:
        """Return the probability.

        Raises:
            KeyError: a feature is missing.
        """
        z = self.intercept + math.fsum(
            t.coefficient * (features[t.feature] - t.mean) / t.scale for t in self.terms
        )
        z = max(-60.0, min(60.0, self.slope * z + self.offset))
        return 1.0 / (1.0 + math.exp(-z))
