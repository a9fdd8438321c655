"""Wraps a run's model servers so that every call leaves a row, however it ends.

Changes nothing about a call: the same arguments go in, the same result or error comes out. A
cancelled or failed call is recorded too, with the tokens that its stream had brought by then, and so
is what a second server spent that was asked beside the first. Of a request that was to be answered
whole and was given up nobody knows what it had spent: it counts as a call without tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from ..nodes.backends.abandoned import hearing_abandoned
from ..nodes.backends.base import Abilities, Generator, OnText, Prompt, Sampled
from ..nodes.values import Question, Sampling, Usage
from ..nodes.verifiers.base import Granularity, ProcessVerifier, Scored
from .flat import flat
from .rows import Change, Insert, RowSink, Values
from .tables import Call, UsageOfRole

CallRole = Literal["generator", "verifier"]


class CallLog:
    """The calls of one run, and what they add up to."""

    def __init__(self, trace_id: str, sink: RowSink, seconds: Callable[[], float]) -> None:
        self.usage: dict[CallRole, Usage] = {}
        self._trace_id = trace_id
        self._sink = sink
        self._seconds = seconds
        self._started = 0
        self._summed: set[CallRole] = set()
        self._over = False

    @property
    def total(self) -> Usage:
        """Of all roles."""
        return sum(self.usage.values(), Usage())

    def start(self, role: CallRole, kind: str, request: Values) -> OpenCall:
        """Open the row of a call that starts now."""
        seq, self._started = self._started, self._started + 1
        return OpenCall(self, seq, role, kind, request, self._seconds)

    def add(self, role: CallRole, usage: Usage, values: Values) -> None:
        """Write the row of a call that has ended."""
        spent = replace(usage, calls=max(1, usage.calls))
        self.usage[role] = self.usage.get(role, Usage()) + spent
        self._sink.add(
            Insert(
                model=Call, trace_id=self._trace_id, values={"trace_id": self._trace_id, **values}
            )
        )
        if self._over:
            self._sum(role)

    def close(self) -> None:
        """Write the sums; a call that ends after this corrects them."""
        self._over = True
        for role in self.usage:
            self._sum(role)

    def _sum(self, role: CallRole) -> None:
        key = {"trace_id": self._trace_id, "role": role}
        sums = flat(self.usage[role])
        row: Insert | Change
        if role in self._summed:
            row = Change(model=UsageOfRole, trace_id=self._trace_id, key=key, values=sums)
        else:
            row = Insert(model=UsageOfRole, trace_id=self._trace_id, values=key | sums)
        self._summed.add(role)
        self._sink.add(row)


class OpenCall:
    """A call under way."""

    def __init__(
        self,
        log: CallLog,
        seq: int,
        role: CallRole,
        kind: str,
        request: Values,
        seconds: Callable[[], float],
    ) -> None:
        self._log = log
        self._role: CallRole = role
        self._seconds = seconds
        self._started_s = seconds()
        self._abandoned = Usage()
        self._known: Values = {
            "seq": seq,
            "role": role,
            "kind": kind,
            "request": request,
            "started_s": self._started_s,
        }

    def abandoned(self, usage: Usage) -> None:
        """A part of it was given up, which had spent this."""
        self._abandoned += usage

    def returned(self, usage: Usage, returned: int, fault: str | None = None) -> None:
        """It gave `returned` things."""
        self._end(usage, returned, fault, None)

    def raised(self, exc: BaseException) -> None:
        """It gave nothing."""
        cancelled = isinstance(exc, asyncio.CancelledError)
        error = "cancelled" if cancelled else f"{type(exc).__name__}: {exc}"
        self._end(Usage(), 0, None, error)

    def _end(self, usage: Usage, returned: int, fault: str | None, error: str | None) -> None:
        usage += self._abandoned
        tokens = flat(usage)
        del tokens["calls"]  # one row is one call
        values = {
            "ms": (self._seconds() - self._started_s) * 1000,
            "returned": returned,
            "fault": fault,
            "error": error,
        }
        self._log.add(self._role, usage, {**self._known, **tokens, **values})


class RecordedGenerator:
    """A generator whose calls are recorded."""

    def __init__(self, inner: Generator, log: CallLog) -> None:
        self._inner = inner
        self._log = log

    @property
    def abilities(self) -> Abilities:
        """Those of the generator inside."""
        return self._inner.abilities

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Call the generator inside, and record it."""
        request = {
            "prompts": len(prompts),
            "n": n,
            "sampling": flat(sampling),
            "prefix_steps": [len(p.prefix) for p in prompts],
            "streamed": on_text is not None,
            "timeout_s": timeout_s,
        }
        kind = "continue" if any(p.prefix for p in prompts) else "sample"
        call = self._log.start("generator", kind, request)
        try:
            with hearing_abandoned(call.abandoned):
                sampled = await self._inner.complete(
                    prompts, n=n, sampling=sampling, on_text=on_text, timeout_s=timeout_s
                )
        except BaseException as exc:
            call.raised(exc)
            raise
        call.returned(sampled.usage, sum(len(b) for b in sampled.batches), sampled.fault)
        return sampled


class RecordedVerifier:
    """A process verifier whose calls are recorded."""

    def __init__(self, inner: ProcessVerifier, log: CallLog) -> None:
        self._inner = inner
        self._log = log

    @property
    def model(self) -> str:
        """That of the verifier inside."""
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        """That of the verifier inside."""
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Call the verifier inside, and record it."""
        request = {"solutions": len(solutions), "steps": [len(s) for s in solutions]}
        call = self._log.start("verifier", "score", request)
        try:
            with hearing_abandoned(call.abandoned):
                scored = await self._inner.score(question, solutions)
        except BaseException as exc:
            call.raised(exc)
            raise
        call.returned(scored.usage, len(scored.scores))
        return scored
