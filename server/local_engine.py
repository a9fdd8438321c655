"""The engine: wires a run together over the model servers and the store of its settings."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from ..graphs.direct import build_direct_graph
from ..graphs.think import build_think_graph
from ..nodes.backends.base import Generator
from ..nodes.backends.equipped import EquippedGenerator
from ..nodes.backends.metered import MeteredGenerator, MeteredVerifier
from ..nodes.backends.missing import MissingGenerator
from ..nodes.budget import GENERATIONS, Meter
from ..nodes.equality.asked import keys_for
from ..nodes.equality.keys import AnswerKeys, KillingPool
from ..nodes.meeting_needs import limited
from ..nodes.policy.builtin import BuiltinPolicy
from ..nodes.policy.runnable import Present
from ..nodes.state import Deps
from ..nodes.values import Kind, Question, Sampling
from ..nodes.verifiers.base import ProcessVerifier
from ..nodes.verifiers.json_schema import SchemaChecks
from ..storage.recorder import RunInfo
from ..storage.store import Store
from .asking import question_of
from .engine import Ask, Run
from .local_run import LocalRun
from .policies import ActivePolicies, Serving
from .responses.faces import is_stored
from .settings import Settings
from .telemetry.base import Observer
from .telemetry.observed import ObservedRun
from .upstreams import Servers, Upstreams, UpstreamState

FIXED_SEED = 0


class LocalEngine:
    """Runs in this process, over the model servers and the store of its settings."""

    def __init__(
        self,
        settings: Settings,
        upstreams: Upstreams,
        store: Store,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._settings = settings
        self._observers = observers
        self._upstreams = upstreams
        self._store = store
        pool = KillingPool()
        self._equality = AnswerKeys(pool)
        self._checks = SchemaChecks(pool)
        self._policies = ActivePolicies(
            store,
            mean_generations=settings.mean_generations,
            budget=GENERATIONS[settings.effort],
        )
        self._think = build_think_graph()
        self._direct = build_direct_graph()

    @property
    def store(self) -> Store:
        """Where its runs are recorded."""
        return self._store

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return self._upstreams.model or "forethought"

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each; empty when all is."""
        return await self._upstreams.ready()

    def upstreams(self) -> list[UpstreamState]:
        """Return how each model server stands of the roles that have several."""
        return self._upstreams.states()

    @asynccontextmanager
    async def start(self, ask: Ask) -> AsyncIterator[Run]:
        """Open a run; leaving the block before its end cancels it and marks its trace so.

        Raises:
            StoreError: the policy that was asked for cannot be read.
            CannotRun: the strategy that was asked for lacks something that it needs.
        """
        question = question_of(ask)
        servers = await self._upstreams.have(helpers=ask.budget.generations > 0)
        if question.callable_tools or question.schema is not None:
            servers = _equipped(servers, question)
        directly = ask.budget.generations == 0 or (
            question.kind == "free" and ask.strategy is None and not _judges(servers.verifier)
        )
        several = directly and ask.n > 1
        if several:
            ask, question = _several(ask, question)
            servers = replace(servers, verifier=None)
        sampling = self._sampling(ask, directly=directly and not several)
        serving = Serving(policy=BuiltinPolicy())
        if not directly:
            serving = await self._serving(ask, question.kind, servers)
        info = RunInfo(
            question=question,
            effort=ask.effort,
            budget=ask.budget,
            sampling=sampling,
            face=ask.face,
            model=self.model,
            verifier_model=servers.verifier.model if servers.verifier else None,
            needs=ask.needs,
            key_id=ask.key_id,
            texts=ask.texts,
            resumes=ask.earlier.trace_id if ask.earlier else None,
            kept=ask.kept,
        )
        trace = ObservedRun(self._store.begin(info), info, self._observers)
        try:
            equality = keys_for(question, self._equality, self._checks)
            deps = self._deps(ask, sampling, servers, serving, trace)
            deps = replace(
                deps,
                equality=equality,
                pilot=ask.n if several else deps.pilot,
                live=ask.live and not (directly and _is_held(ask)),
            )
            graph = self._direct if directly and not several else self._think
            standing = serving.standing
            yield LocalRun(
                graph,
                question,
                deps,
                trace,
                thinks=not directly,
                standing=standing,
                # It may be continued at once, and by another process.
                settle=self._store.drain if is_stored(ask.face) else None,
            )
        finally:
            trace.cancel()

    async def warm_up(self) -> None:
        """Start the worker process that compares answers, so that no question waits for it."""
        await self._equality.keys(["\\sqrt{2}"], "math")

    def close(self) -> None:
        """Stop the worker processes."""
        self._equality.close()

    async def _serving(self, ask: Ask, kind: Kind, servers: Servers) -> Serving:
        verifier, generator = servers.verifier, servers.generator
        present = Present(
            verifier=verifier is not None and not _judges(verifier),
            judge=_judges(verifier),
            continuation=generator.abilities.continuation,
            larger=servers.larger is not None,
        )
        return await self._policies.serving(
            ask,
            kind=kind,
            model=self.model,
            verifier=verifier.model if verifier else None,
            present=None if isinstance(generator, MissingGenerator) else present,
        )

    def _deps(
        self,
        ask: Ask,
        sampling: Sampling,
        servers: Servers,
        serving: Serving,
        trace: ObservedRun,
    ) -> Deps:
        budget = limited(ask.budget, ask.needs)
        meter = Meter(replace(budget, generations=max(budget.generations, 1)))
        if ask.earlier is not None:
            meter.carry(ask.earlier.usage, ask.earlier.generations)
        verifier, document = servers.verifier, serving.document
        difficulty = document.difficulty if document else None
        return Deps(
            generator=MeteredGenerator(trace.generator(servers.generator), meter),
            verifier=MeteredVerifier(trace.verifier(verifier), meter) if verifier else None,
            policy=serving.policy,
            equality=self._equality,
            meter=meter,
            sampling=sampling,
            pilot=(difficulty.pilot if difficulty else 0) or self._settings.pilot,
            difficulty=difficulty,
            confidence=document.confidence if document else None,
            needs=ask.needs,
            selection=ask.strategy.selection if ask.strategy else "weighted",
            earlier=ask.earlier.candidates if ask.earlier else (),
            live=ask.live,
            faults=servers.faults + serving.faults,
            larger=MeteredGenerator(trace.generator(servers.larger, "larger"), meter)
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
    """Say whether it is a judge of whole solutions, by which free text, which has no vote, can be
    compared."""
    return verifier is not None and verifier.granularity == "solution"


def _equipped(servers: Servers, question: Question) -> Servers:
    """Return servers for a question with tools or a schema. No verifier is among them: those here are
    made for solutions in words, and say nothing about calls."""

    def equipped(generator: Generator) -> Generator:
        missing = isinstance(generator, MissingGenerator)
        return generator if missing else EquippedGenerator(generator, question)

    larger = None if servers.larger is None else equipped(servers.larger)
    return replace(servers, generator=equipped(servers.generator), verifier=None, larger=larger)


def _is_held(ask: Ask) -> bool:
    """Say whether what a direct run samples is no reply yet, so that nobody may see it before its end."""
    return bool(ask.tools or ask.stop) or ask.schema is not None or ask.n > 1


def _several(ask: Ask, question: Question) -> tuple[Ask, Question]:
    """Return a direct question of which several answers are wanted: as many samples as one pilot of
    free text, whose words are the caller's own."""
    budget = replace(ask.budget, generations=ask.n)
    return replace(ask, budget=budget), replace(question, kind="free", inferred=False)


@asynccontextmanager
async def open_engine(
    settings: Settings, observers: Sequence[Observer] = ()
) -> AsyncIterator[LocalEngine]:
    """Open the store and the connections, and close them, all traces written, at the end.

    Args:
        settings: Of the model servers and the store.
        observers: Told of every run, besides the store.

    Raises:
        StoreError: the trace database cannot be opened.
    """
    store = await Store.open(
        settings.database_url,
        journal_dir=settings.journal_dir,
        journal_bytes=settings.journal_mb * 1024 * 1024,
    )
    store.watch()
    upstreams = Upstreams(settings)
    engine = LocalEngine(settings, upstreams, store, observers)
    try:
        async with upstreams.watching():
            yield engine
    finally:
        engine.close()
        await upstreams.close()
        await store.close()
