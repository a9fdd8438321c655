"""The whole service over stand-ins of its model servers, with observers of its runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from fake_model import Say, Score
from fake_vllm import FakeVllm
from forethought.server.app import create_app
from forethought.server.guard import guard_of
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.server.telemetry.base import Observer
from forethought.server.telemetry.gauges import LineGauges, StoreGauges
from forethought.server.telemetry.metrics import Metrics

PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedService:
    """A running service."""

    engine: LocalEngine
    generator: FakeVllm
    metrics: Metrics
    http: httpx2.AsyncClient

    async def ask(
        self, text: str = "What is 17 + 25?", *, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        """Ask, and return the reply."""
        asked: dict[str, Any] = {"model": "forethought", "reasoning_effort": "low"}
        asked |= {"messages": [{"role": "user", "content": text}]} | body
        return await self.http.post(PATH, json=asked, headers=headers or {})

    async def scraped(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Return what `/metrics` says: by name, and by the values of the labels in the order of their names."""
        told = (await self.http.get("/metrics")).text
        numbers: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(told):
            for sample in family.samples:
                values = tuple(sample.labels.values())
                numbers.setdefault(sample.name, {})[values] = sample.value
        return numbers


@asynccontextmanager
async def observed_service(
    tmp_path: Path,
    say: Say,
    score: Score | None = None,
    observers: Sequence[Observer] = (),
    **settings: Any,
) -> AsyncIterator[ObservedService]:
    """Run the service as `forethought serve` puts it together."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(say))
        verifier = stack.enter_context(FakeVllm(score=score, model="prm")) if score else None
        given: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": f"{verifier.url}/v1" if verifier else "",
            "database_url": f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        } | settings
        chosen = Settings(**given)
        engine = await stack.enter_async_context(open_engine(chosen, [metrics, *observers]))
        guard = guard_of(chosen, engine.store)
        metrics.registry.register(LineGauges(guard.admission.line))
        metrics.registry.register(StoreGauges(engine.store))
        app = create_app(engine, guard=guard, metrics=metrics)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=60))
        yield ObservedService(engine=engine, generator=generator, metrics=metrics, http=http)
