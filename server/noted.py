"""The object `forethought` of a reply: what OpenAI has no field for, the same on every face."""

from __future__ import annotations

from dataclasses import dataclass

from ..nodes.budget import Effort
from ..nodes.difficulty.base import Difficulty
from ..nodes.events import Event, NodeFinished
from ..nodes.state import Answer


@dataclass(slots=True, kw_only=True)
class Noted:
    """What `forethought` tells about a run, from its events."""

    trace_id: str
    effort: Effort
    difficulty: Difficulty | None = None
    strategy: str | None = None
    policy: str | None = None
    """Which one decided; None where nothing had to be planned."""

    def note(self, event: Event) -> None:
        """Remember what is told."""
        if isinstance(event, NodeFinished):
            self.difficulty = event.writes.get("difficulty", self.difficulty)
            if plans := event.writes.get("plans"):
                self.strategy, self.policy = plans[-1].strategy.name, plans[-1].policy

    def extension(self, answer: Answer) -> dict[str, object]:
        """Return the object."""
        difficulty = self.difficulty
        return {
            "trace_id": self.trace_id,
            "effort": self.effort,
            "stop_reason": answer.stop_reason,
            "confidence": answer.confidence,
            "probability": answer.probability,
            "needs_met": answer.needs_met,
            "answer": answer.answer,
            "generations": answer.generations,
            "seconds": round(answer.seconds, 3),
            "difficulty": difficulty
            and {"level": difficulty.level, "probability": difficulty.probability},
            "strategy": self.strategy,
            "policy": self.policy,
            "verifier_tokens": answer.usage.verifier_tokens,
            "faults": list(answer.faults),
        }
