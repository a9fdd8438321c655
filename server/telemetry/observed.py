"""One run with all who watch it: its trace and the observers of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...nodes.backends.abandoned import hearing_abandoned
from ...nodes.backends.base import Abilities, Generator, OnText, Prompt, Sampled
from ...nodes.events import Event
from ...nodes.state import Answer
from ...nodes.values import Question, Sampling, Usage
from ...nodes.verifiers.base import Granularity, ProcessVerifier, Scored
from ...storage.recorder import RunInfo, TraceRecorder
from .base import Call, CallObserver, Observer, RunObserver, SamplingCall, ScoringCall, ServerRole


class ObservedRun:
    """Tells the trace and the observers the same; of several ends the first holds."""

    def __init__(
        self, trace: TraceRecorder, info: RunInfo, observers: Sequence[Observer] = ()
    ) -> None:
        self.trace_id = trace.trace_id
        self._trace = trace
        self._observers = [observer.begin(info, trace.trace_id) for observer in observers]
        self._ended = False

    def generator(self, inner: Generator, role: ServerRole = "generator") -> Generator:
        """Return `inner`, watched."""
        recorded = self._trace.generator(inner)
        return _Generator(recorded, role, self._observers) if self._observers else recorded

    def verifier(self, inner: ProcessVerifier) -> ProcessVerifier:
        """Return `inner`, watched."""
        recorded = self._trace.verifier(inner)
        return _Verifier(recorded, self._observers) if self._observers else recorded

    def on(self, event: Event) -> None:
        """Tell what happened."""
        self._trace.on(event)
        for observer in self._observers:
            observer.on(event)

    def finish(self, answer: Answer) -> None:
        """End with an answer."""
        self._trace.finish(answer)
        self._end(answer)

    def fail(self, exc: BaseException) -> None:
        """End without one."""
        self._trace.fail(exc)
        self._end(exc)

    def cancel(self) -> None:
        """End because nobody waits any more."""
        self._trace.cancel()
        self._end(asyncio.CancelledError())

    def _end(self, outcome: Answer | BaseException) -> None:
        if not self._ended:
            self._ended = True
            for observer in self._observers:
                observer.ended(outcome)


class _Watch:
    """The observers of one request."""

    def __init__(self, observers: Sequence[CallObserver]) -> None:
        self._observers = observers
        self._begun = False

    def heard(self, on_text: OnText) -> OnText:
        """Return `on_text` that also tells of the first text."""

        def hear(prompt: int, sample: int, text: str) -> None:
            if not self._begun:
                self._begun = True
                for observer in self._observers:
                    observer.first_text()
            on_text(prompt, sample, text)

        return hear

    def returned(self, result: Sampled | Scored) -> None:
        """Tell of the result."""
        for observer in self._observers:
            observer.returned(result)


@contextmanager
def _watching(observers: Sequence[RunObserver], call: Call) -> Iterator[_Watch]:
    """Tell of a request that the block makes; its result is for the block to tell."""
    told = [observer.call(call) for observer in observers]

    def hear(usage: Usage) -> None:
        for observer in told:
            observer.abandoned(usage)

    try:
        with hearing_abandoned(hear):
            yield _Watch(told)
    except BaseException as exc:
        for observer in told:
            observer.raised(exc)
        raise


class _Generator:
    def __init__(
        self, inner: Generator, role: ServerRole, observers: Sequence[RunObserver]
    ) -> None:
        self._inner = inner
        self._role: ServerRole = role
        self._observers = observers

    @property
    def abilities(self) -> Abilities:
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
        call = SamplingCall(
            role=self._role,
            model=self._inner.abilities.model,
            chat=not self._inner.abilities.token_ids,
            prompts=prompts,
            n=n,
            sampling=sampling,
            streamed=on_text is not None or timeout_s is not None,
        )
        with _watching(self._observers, call) as watch:
            sampled = await self._inner.complete(
                prompts,
                n=n,
                sampling=sampling,
                on_text=None if on_text is None else watch.heard(on_text),
                timeout_s=timeout_s,
            )
        watch.returned(sampled)
        return sampled


class _Verifier:
    def __init__(self, inner: ProcessVerifier, observers: Sequence[RunObserver]) -> None:
        self._inner = inner
        self._observers = observers

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        call = ScoringCall(model=self._inner.model, solutions=solutions)
        with _watching(self._observers, call) as watch:
            scored = await self._inner.score(question, solutions)
        watch.returned(scored)
        return scored
