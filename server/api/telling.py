"""Turns what an engine's run tells into what a Python caller is told."""

from __future__ import annotations

from ...nodes.difficulty.base import Difficulty
from ...nodes.errors import BackendError
from ...nodes.events import Event, NodeFinished, TextArrived
from ...nodes.state import Answer
from ..chat.direct import DirectText
from ..errors import Refusal
from ..narrate import Narrator
from .thought import Answering, NodeEnded, Thinking, Thought, ThoughtEvent, TokensSpent


class Telling:
    """One run; feed it every event in order, then its answer."""

    def __init__(self, *, trace_id: str, thinks: bool) -> None:
        self._trace_id = trace_id
        self._thinks = thinks
        self._narrator = Narrator()
        self._direct = DirectText()
        self._told: list[str] = []
        self._difficulty: Difficulty | None = None
        self._strategy: str | None = None

    def feed(self, event: Event) -> ThoughtEvent | None:
        """Return what is told now, if anything."""
        if isinstance(event, NodeFinished):
            self._difficulty = event.writes.get("difficulty", self._difficulty)
            if plans := event.writes.get("plans"):
                self._strategy = plans[-1].strategy.name
        if not self._thinks:
            text = self._direct.feed(event) if isinstance(event, TextArrived) else ""
            return Answering(text=text) if text else None
        text = self._narrator.feed(event)
        self._told.append(text)
        if isinstance(event, NodeFinished):
            return NodeEnded(node=event.node, text=text, seconds=event.seconds)
        return Thinking(text=text) if text else None

    def end(self, answer: Answer) -> tuple[ThoughtEvent, ...]:
        """Return what of the answer was not told yet, and the thought.

        Raises:
            BackendError: what was told is not the beginning of the answer and cannot be taken back.
        """
        try:
            rest = answer.text if self._thinks else self._direct.rest(answer.text)
        except Refusal as exc:
            raise BackendError(exc.message) from exc
        thought = self._thought(answer)
        return (Answering(text=rest), thought) if rest else (thought,)

    def _thought(self, answer: Answer) -> Thought:
        spent = answer.usage
        return Thought(
            text=answer.text,
            answer=answer.answer,
            confidence=answer.confidence,
            probability=answer.probability,
            stop_reason=answer.stop_reason,
            generations=answer.generations,
            usage=TokensSpent(
                prompt=spent.prompt_tokens,
                cached=spent.cached_tokens,
                verifier=spent.verifier_tokens,
                completion=spent.completion_tokens,
                thinking=max(spent.completion_tokens - answer.answer_tokens, 0),
            ),
            seconds=answer.seconds,
            trace_id=self._trace_id,
            whole=answer.whole,
            faults=answer.faults,
            needs_met=answer.needs_met,
            level=self._difficulty.level if self._difficulty else None,
            strategy=self._strategy,
            thinking="".join(self._told).strip(),
        )
