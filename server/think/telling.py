"""Writes a run as a thought, whole or as events."""

from __future__ import annotations

from pydantic import BaseModel

from ...nodes.budget import Effort
from ...nodes.events import Event, NodeFinished, TextArrived
from ...nodes.state import Answer
from ..chat.direct import DirectText
from ..documented import ErrorDetail
from ..errors import Refusal
from ..responses.summary import Summary
from .events import DoneEvent, FailedEvent, NodeEvent, StartedEvent, TextEvent, ThinkingEvent
from .findings import Findings, difficulty_reply, plan_reply, vote_reply
from .reply import ThinkReply


class Telling:
    """A `Teller` of one thought."""

    def __init__(self, *, trace_id: str, thinks: bool, model: str, effort: Effort) -> None:
        self._trace_id = trace_id
        self._thinks = thinks
        self._model = model
        self._effort: Effort = effort
        self._findings = Findings()
        self._summary = Summary("auto")
        self._direct = DirectText()
        self._told: list[str] = [""]
        """By stage; the last one is open."""
        self._number = 0
        self._bytes = bytearray()

    def begin(self) -> bytes:
        """Return the first event."""
        self._add(
            StartedEvent(
                number=self._number,
                trace_id=self._trace_id,
                model=self._model,
                effort=self._effort,
                thinks=self._thinks,
            )
        )
        return self._taken()

    def feed(self, event: Event) -> bytes:
        """Tell what happened."""
        if isinstance(event, NodeFinished):
            self._findings.note(event)
        if self._thinks:
            told = self._summary.feed(event)
            self._told[-1] += told.text
            if told.ends:
                self._told.append("")
            if told.text or told.ends:
                self._add(ThinkingEvent(number=self._number, text=told.text, ends=told.ends))
        elif isinstance(event, TextArrived) and (text := self._direct.feed(event)):
            self._add(TextEvent(number=self._number, text=text))
        if isinstance(event, NodeFinished):
            self._add(self._node(event))
        return self._taken()

    def end(self, answer: Answer) -> bytes:
        """Tell the answer, and all that was found."""
        if rest := self._direct.rest(answer.text):
            self._add(TextEvent(number=self._number, text=rest))
        self._add(DoneEvent(number=self._number, thought=self._reply(answer)))
        return self._taken()

    def fail(self, refusal: Refusal) -> bytes:
        """Tell why there is no answer."""
        error = ErrorDetail.model_validate(refusal.body()["error"])
        self._add(FailedEvent(number=self._number, error=error))
        return self._taken()

    def whole(self, answer: Answer) -> bytes:
        """Return the reply."""
        return self._reply(answer).model_dump_json().encode()

    def _reply(self, answer: Answer) -> ThinkReply:
        return self._findings.reply(
            answer,
            trace_id=self._trace_id,
            model=self._model,
            effort=self._effort,
            thinking=[text for text in self._told if text],
        )

    def _node(self, event: NodeFinished) -> NodeEvent:
        writes = event.writes
        hunt, plans = writes.get("hunt"), writes.get("plans")
        return NodeEvent(
            number=self._number,
            node=event.node,
            started_s=round(event.started_s, 3),
            seconds=round(event.seconds, 3),
            rounds=None if hunt is None else hunt.search.rounds,
            found=self._findings.whole,
            difficulty=difficulty_reply(writes.get("difficulty")),
            plan=plan_reply(plans[-1]) if plans else None,
            vote=vote_reply(writes.get("verdict")),
        )

    def _add(self, event: BaseModel) -> None:
        kind, data = type(event).model_fields["type"].default, event.model_dump_json()
        self._bytes += f"event: {kind}\ndata: {data}\n\n".encode()
        self._number += 1

    def _taken(self) -> bytes:
        data = bytes(self._bytes)
        self._bytes.clear()
        return data
