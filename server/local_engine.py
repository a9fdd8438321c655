"""The engine: wires a run together, records it, and gives its events and its answer."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from ..graphs.direct import build_direct_graph
from ..graphs.run import Graph, run_graph
from ..graphs.think import build_think_graph
from ..nodes.backends.metered import MeteredGenerator, MeteredVerifier
from ..nodes.budget import Meter
from ..nodes.equality.keys import AnswerKeys
from ..nodes.events import Event, NodeFinished
from ..nodes.kinds import infer_kind
from ..nodes.policy.base import Policy
from ..nodes.policy.builtin import BuiltinPolicy
from ..nodes.state import Answer, Deps
from ..nodes.values import Question, Sampling
from ..nodes.verifiers.base import ProcessVerifier
from ..storage.recorder import RunInfo, TraceRecorder
from ..storage.store import Store
from .engine import Ask, Run
from .settings import Settings
from .upstreams import Servers, Upstreams

FIXED_SEED = 0


class LocalRun:
    """One run, recorded while it goes on."""

    def __init__(
        self,
        graph: Graph,
        question: Question,
        deps: Deps,
        trace: TraceRecorder,
        *,
        thinks: bool,
    ) -> None:
        self._graph = graph
        self._thinks = thinks
        self._question = question
        self._deps = deps
        self._trace = trace
        self._answer: Answer | None = None

    @property
    def trace_id(self) -> str:
        """Where the run is stored."""
        return self._trace.trace_id

    @property
    def thinks(self) -> bool:
        """False when the model is asked once."""
        return self._thinks

    @property
    def answer(self) -> Answer:
        """The answer, once `events` has ended."""
        if self._answer is None:
            raise RuntimeError("the run has not ended")
        return self._answer

    async def events(self) -> AsyncIterator[Event]:
        """Run, and yield what happens.

        Raises:
            ForethoughtError: the run could not give any answer.
        """
        try:
            async with aclosing(run_graph(self._graph, self._question, self._deps)) as events:
                async for event in events:
                    self._trace.on(event)
                    if isinstance(event, NodeFinished) and "answer" in event.writes:
                        self._answer = event.writes["answer"]
                        self._trace.finish(self._answer)
                    yield event
        except Exception as exc:
            self._trace.fail(exc)
            raise


class LocalEngine:
    """Runs in this process, over the model servers and the store of its settings."""

    def __init__(self, settings: Settings, upstreams: Upstreams, store: Store) -> None:
        self._settings = settings
        self._upstreams = upstreams
        self._store = store
        self._equality = AnswerKeys()
        self._policy: Policy = BuiltinPolicy()
        self._think = build_think_graph()
        self._direct = build_direct_graph()

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._upstreams.model or "forethought"

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each; empty when all is."""
        return await self._upstreams.ready()

    @asynccontextmanager
    async def start(self, ask: Ask) -> AsyncIterator[Run]:
        """Open a run; leaving the block before its end cancels it and marks its trace so."""
        kind = ask.kind or infer_kind(ask.messages[-1].content)
        question = Question(messages=ask.messages, kind=kind, inferred=ask.kind is None)
        servers = await self._upstreams.have(helpers=ask.budget.generations > 0)
        directly = ask.budget.generations == 0 or (kind == "free" and not _judges(servers.verifier))
        sampling = self._sampling(ask, directly=directly)
        trace = self._store.begin(
            RunInfo(
                question=question,
                effort=ask.effort,
                budget=ask.budget,
                sampling=sampling,
                face=ask.face,
                model=self.model,
                verifier_model=servers.verifier.model if servers.verifier else None,
            )
        )
        try:
            deps = self._deps(ask, sampling, servers, trace)
            graph = self._direct if directly else self._think
            yield LocalRun(graph, question, deps, trace, thinks=not directly)
        finally:
            trace.cancel()

    async def warm_up(self) -> None:
        """Start the worker process that compares answers, so that no question waits for it."""
        await self._equality.keys(["\\sqrt{2}"], "math")

    def close(self) -> None:
        """Stop the worker processes."""
        self._equality.close()

    def _deps(
        self,
        ask: Ask,
        sampling: Sampling,
        servers: Servers,
        trace: TraceRecorder,
    ) -> Deps:
        meter = Meter(replace(ask.budget, generations=max(ask.budget.generations, 1)))
        verifier = servers.verifier
        return Deps(
            generator=MeteredGenerator(trace.generator(servers.generator), meter),
            verifier=MeteredVerifier(trace.verifier(verifier), meter) if verifier else None,
            policy=self._policy,
            equality=self._equality,
            meter=meter,
            sampling=sampling,
            pilot=self._settings.pilot,
            live=ask.live,
            faults=servers.faults,
            larger=MeteredGenerator(trace.generator(servers.larger), meter)
            if servers.larger
            else None,
            larger_price=self._settings.larger_price,
            rng=random.Random(ask.seed),
        )

    def _sampling(self, ask: Ask, *, directly: bool) -> Sampling:
        """Return the caller's sampling over the settings'.

        A direct answer is greedy by default. A run that thinks cannot be: equal samples hold no
        vote. A caller who asks for temperature 0 gets what it is asked for, the same reply each
        time, by a fixed seed.
        """
        temperature, seed = ask.temperature, ask.seed
        if directly:
            temperature = 0.0 if temperature is None else temperature
        elif not temperature:
            seed = FIXED_SEED if seed is None and temperature is not None else seed
            temperature = self._settings.temperature
        return Sampling(
            temperature=temperature,
            top_p=self._settings.top_p if ask.top_p is None else ask.top_p,
            max_tokens=ask.max_tokens or self._settings.max_answer_tokens,
            seed=seed,
        )


def _judges(verifier: ProcessVerifier | None) -> bool:
    """Say whether free text can be compared: by a judge of whole solutions, as it has no vote."""
    return verifier is not None and verifier.granularity == "solution"


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[LocalEngine]:
    """Open the store and the connections, and close them, all traces written, at the end.

    Raises:
        StoreError: the trace database cannot be opened.
    """
    store = await Store.open(settings.database_url)
    upstreams = Upstreams(settings)
    engine = LocalEngine(settings, upstreams, store)
    try:
        yield engine
    finally:
        engine.close()
        await upstreams.close()
        await store.close()
