"""Keeps one run's trace while it runs.

Whoever runs the graph wraps its model servers in `generator` and `verifier`, hands every event to
`on`, and says at the end `finish`, `fail` or `cancel`; the first of these holds. Nothing here
waits, and nothing raises because of the database: rows go into the writer's queue, and are flushed
(`writer.py`) when the run begins and when it ends: a run that is killed leaves what it had, and one
that has given its answer leaves all of it.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

import uuid_utils

from ..nodes.backends.base import Generator
from ..nodes.budget import Budget, Effort
from ..nodes.events import Event, NodeFinished
from ..nodes.needs import Needs
from ..nodes.policy.base import Plan
from ..nodes.state import Answer, ThinkState
from ..nodes.values import Message, Question, Sampling, Usage
from ..nodes.verdict import Verdict
from ..nodes.verifiers.base import ProcessVerifier
from . import tables
from .branches import BranchLog
from .calls import CallLog, RecordedGenerator, RecordedVerifier
from .flat import flat
from .policy_names import policy_columns
from .rows import Change, Insert, RowSink
from .texts import TextlessSink

Status = Literal["running", "finished", "failed", "cancelled", "interrupted"]
"""`interrupted`: the process that ran it ended first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What is known about a run when it begins."""

    question: Question
    effort: Effort
    budget: Budget
    sampling: Sampling
    face: str
    """Which face asked: `chat`, `cli`, `python`, `eval`."""
    model: str
    verifier_model: str | None = None
    needs: Needs | None = None
    key_id: str | None = None
    """The API key it was asked with; None where keys are off."""
    resumes: str | None = None
    """The run that it goes on from; its usage includes what that had spent."""
    kept: str | None = None
    """What the face keeps of its request, a JSON object as text; nobody else reads it."""
    texts: bool = True
    """Whether texts are kept; numbers always are."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class TraceRecorder:
    """The trace of one run; each run has its own."""

    def __init__(
        self,
        info: RunInfo,
        sink: RowSink,
        *,
        writer: str,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.trace_id = str(uuid_utils.uuid7())
        sink = sink if info.texts else TextlessSink(sink)
        self._sink = sink
        self._clock = clock
        self._now = now
        self._started = clock()
        self._calls = CallLog(self.trace_id, sink, self._seconds)
        self._branches = BranchLog(self.trace_id, sink)
        self._faults: dict[str, None] = {}
        self._verdicts = 0
        self._first_winner: str | None = None
        self._nodes = 0
        self._closed = False
        self._insert(tables.Trace, _new_trace(info, self.trace_id, writer, now()))
        self._sink.flush()

    def generator(self, inner: Generator) -> Generator:
        """Return `inner` with its calls recorded."""
        return RecordedGenerator(inner, self._calls)

    def verifier(self, inner: ProcessVerifier) -> ProcessVerifier:
        """Return `inner` with its calls recorded."""
        return RecordedVerifier(inner, self._calls)

    def on(self, event: Event) -> None:
        """Record what a node found; text on its way is not recorded."""
        if not isinstance(event, NodeFinished):
            return
        self._found(event.writes)
        if plans := event.writes.get("plans"):
            self._planned(plans)
        elif event.node == "direct":
            self._change({"strategy": "direct"})
        if verdict := event.writes.get("verdict"):
            self._voted(verdict)
        times = {"node": event.node, "started_s": event.started_s, "seconds": event.seconds}
        self._insert(tables.NodeRun, {"trace_id": self.trace_id, "seq": self._nodes, **times})
        self._nodes += 1

    def finish(self, answer: Answer) -> None:
        """Complete the trace with the answer."""
        self._close(
            "finished",
            answer.usage,
            answer.candidate,
            {
                "answer_text": answer.text,
                "answer": answer.answer,
                "candidate_key": answer.candidate,
                "confidence": answer.confidence,
                "probability": answer.probability,
                "needs_met": answer.needs_met,
                "whole": answer.whole,
                "stop_reason": answer.stop_reason,
                "generations": answer.generations,
                "seconds": answer.seconds,
                "reasoning_tokens": answer.usage.completion_tokens - answer.answer_tokens,
                "faults": answer.faults,
            },
        )

    def fail(self, exc: BaseException) -> None:
        """Close the trace of a run that gave no answer, with the reason."""
        self._break_off("failed", f"{type(exc).__name__}: {exc}")

    def cancel(self) -> None:
        """Close the trace of a run that nobody waits for any more."""
        self._break_off("cancelled", None)

    def interrupt(self) -> None:
        """Close the trace of a run whose process is about to end."""
        self._break_off("interrupted", None)

    def _found(self, writes: ThinkState) -> None:
        if pilot := writes.get("pilot"):
            for candidate in pilot.candidates:
                self._branches.add_candidate(candidate)
            self._faults |= dict.fromkeys(pilot.faults)
        if kind := writes.get("kind"):
            self._change({"kind": kind})
        if difficulty := writes.get("difficulty"):
            estimate = {f"difficulty_{name}": v for name, v in flat(difficulty).items()}
            self._change(estimate)
        if hunt := writes.get("hunt"):
            for candidate in hunt.search.candidates:
                self._branches.add_candidate(candidate)
            for branch in hunt.search.live:
                self._branches.add_steps(branch)
            self._faults |= dict.fromkeys(hunt.search.faults)
        if revised := writes.get("revised"):
            for chain in revised.chains:
                for candidate in chain:
                    self._branches.add_candidate(candidate)
            self._faults |= dict.fromkeys(revised.faults)

    def _planned(self, plans: tuple[Plan, ...]) -> None:
        last = plans[-1]
        self._change(
            {
                "plans": [_plan_json(plan) for plan in plans],
                "strategy": last.strategy.name,
                **policy_columns(last.policy),
            }
        )

    def _voted(self, verdict: Verdict) -> None:
        seq, self._verdicts = self._verdicts, self._verdicts + 1
        if seq == 0:
            self._first_winner = verdict.winner
        self._insert(
            tables.Verdict,
            {
                "trace_id": self.trace_id,
                "seq": seq,
                "selection": verdict.selection,
                "winner": verdict.winner,
                "confidence": verdict.confidence,
                "margin": verdict.margin,
                "decided": verdict.decided,
            },
        )
        for rank, group in enumerate(verdict.groups):
            place = {"trace_id": self.trace_id, "verdict_seq": seq, "rank": rank}
            self._insert(tables.Vote, {**place, **flat(group)})

    def _break_off(self, status: Status, error: str | None) -> None:
        rest: dict[str, object] = {
            "error": error,
            "seconds": self._seconds(),
            "faults": list(self._faults),
        }
        self._close(status, self._calls.total, None, rest)

    def _close(
        self, status: Status, usage: Usage, chosen: str | None, values: dict[str, object]
    ) -> None:
        if self._closed:
            return
        self._closed = True
        self._calls.close()
        sums = self._branches.tally(chosen=chosen, first_winner=self._first_winner)
        self._insert(tables.Tally, {"trace_id": self.trace_id, **sums})
        ended = {"status": status, "finished_at": self._now()}
        self._change({**ended, **flat(usage), **values})
        self._sink.flush()

    def _seconds(self) -> float:
        return self._clock() - self._started

    def _insert(self, model: type[tables.Base], values: dict[str, object]) -> None:
        self._sink.add(Insert(model=model, trace_id=self.trace_id, values=values))

    def _change(self, values: dict[str, object]) -> None:
        key = {"id": self.trace_id}
        self._sink.add(Change(model=tables.Trace, trace_id=self.trace_id, key=key, values=values))


def _new_trace(info: RunInfo, trace_id: str, writer: str, now: datetime) -> dict[str, object]:
    return {
        "id": trace_id,
        "created_at": now,
        "status": "running",
        "writer": writer,
        "face": info.face,
        "model": info.model,
        "verifier_model": info.verifier_model,
        "effort": info.effort,
        "kind": info.question.kind,
        "question": info.question.text,
        "messages": [_turn(message) for message in info.question.messages],
        "max_generations": info.budget.generations,
        "max_tokens": info.budget.tokens,
        "deadline_s": info.budget.deadline_s,
        "sampling": flat(info.sampling),
        "needs": None if info.needs is None else asdict(info.needs),
        "key_id": info.key_id,
        "resumes": info.resumes,
        "kept": None if info.kept is None else json.loads(info.kept),
        "texts": "kept" if info.texts else "never",
        "plans": [],
        "faults": [],
    }


def _turn(message: Message) -> dict[str, object]:
    """Return a turn as it is stored: what only tool turns have is left out of the others."""
    turn = flat(message) | {"tool_calls": [flat(call) for call in message.tool_calls]}
    return {name: value for name, value in turn.items() if value or name == "content"}


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "strategy": plan.strategy.name,
        "selection": plan.strategy.selection,
        "generations": plan.strategy.generations,
        "numbers": _numbers(plan.strategy),
        "revisions": None if plan.revisions is None else _numbers(plan.revisions),
        "policy": plan.policy,
        "why": plan.why,
        "level": plan.difficulty.level,
        "probability": plan.difficulty.probability,
    }


def _numbers(strategy: object) -> dict[str, object]:
    """Return the fields of a strategy; the protocol does not say that it is a dataclass."""
    if dataclasses.is_dataclass(strategy) and not isinstance(strategy, type):
        return asdict(strategy)
    return {}
