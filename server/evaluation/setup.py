"""How the questions of an evaluation are asked: equal set-ups make comparable answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ...nodes.algorithms.base import Strategy
from ...nodes.algorithms.registry import JsonScalar, numbers_of
from ...nodes.budget import GENERATIONS, Budget, Effort
from ...nodes.values import Kind, Message
from ..engine import Ask
from .questions import Data, GoldQuestion

DEFAULT_KIND: Kind = "math"
"""Of questions whose kind neither the caller nor the data says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is asked of the engine with every question."""

    effort: Effort
    max_generations: int | None = None
    """None leaves it to the effort."""
    policy: str | None = None
    """None is the active one."""
    strategy: Strategy | None = None
    """Instead of what any policy would choose."""
    kind: Kind | None = None
    """None leaves it to the data."""
    max_answer_tokens: int | None = None
    """None leaves it to the service's settings."""
    levels_by: str | None = None
    """SHA-256 of the pool that says the levels; None where the data does."""

    def kind_of(self, question: GoldQuestion) -> Kind:
        """Return the kind of answer that `question` wants."""
        return self.kind or question.kind or DEFAULT_KIND

    def ask(self, question: GoldQuestion) -> Ask:
        """Return what the engine is asked."""
        allowed = GENERATIONS[self.effort]
        if self.max_generations is not None:
            allowed = self.max_generations
        return Ask(
            messages=(Message("user", question.text),),
            effort=self.effort,
            budget=Budget(generations=allowed),
            kind=self.kind_of(question),
            max_tokens=self.max_answer_tokens,
            policy=self.policy,
            strategy=self.strategy,
            face="eval",
        )

    def settings(self) -> dict[str, object]:
        """Return all that must be equal for an evaluation to be gone on with, as JSON."""
        theta: Mapping[str, JsonScalar] | None = (
            None if self.strategy is None else numbers_of(self.strategy)
        )
        return {
            "effort": self.effort,
            "max_generations": self.max_generations,
            "policy": self.policy,
            "strategy": theta,
            "kind": self.kind,
            "max_answer_tokens": self.max_answer_tokens,
            "levels_by": self.levels_by,
        }

    def name(self, data: Data) -> str:
        """Return a name that says what was run, the same for the same data and set-up alone."""
        told = json.dumps([data.sha256, self.settings()], sort_keys=True)
        by = self.strategy.name if self.strategy else self.policy
        parts = (data.name, self.effort, *([by] if by else []))
        return f"{'-'.join(parts)}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
