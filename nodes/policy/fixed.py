"""One strategy for every question, as whoever asks wants it: for experiments and graded runs."""

from __future__ import annotations

from dataclasses import dataclass

from ..algorithms.base import Strategy
from ..algorithms.registry import numbers_of
from .base import Plan, Situation
from .runnable import strategy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPolicy:
    """Chooses what it was made with, once; nothing follows it."""

    strategy: Strategy

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`.

        Raises:
            CannotRun: the strategy lacks something that it needs, or costs more than there is.
        """
        strategy, why = self.strategy, "asked for"
        if strategy.generations > situation.room:
            strategy = strategy_for(numbers_of(strategy), situation, situation.room)
            why = f"asked for, cut from {self.strategy.generations} generations to what is left"
        return Plan(
            strategy=strategy,
            policy="fixed",
            why=why,
            difficulty=situation.difficulty,
            final=True,
        )
