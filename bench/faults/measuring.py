"""Asks the questions of one scenario, and counts on both sides."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from bench.upstream.running import Running, running

from forethought.nodes.budget import Budget
from forethought.nodes.errors import ForethoughtError
from forethought.nodes.values import Message, Usage
from forethought.server.engine import Ask
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.settings import Settings

from .scenarios import Scenario

MOCK = ("--step-ms", "10", "--step-ms-per-sequence", "0.02", "--answer-tokens", "40")
GENERATIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one scenario gave."""

    name: str
    says: str
    runs: int
    lost: int
    whys: tuple[str, ...]
    """Of the lost ones, each once."""
    p50_s: float
    p95_s: float
    most_s: float
    wall_s: float
    generated: int
    """Tokens, by the servers' counters."""
    untold: int
    """Of these, of requests that were given up or broken off: their usage was never sent."""
    reported: int
    """By all runs that gave an answer or failed, as their usage says."""
    streamed: bool
    """Then a part of the untold ones had been shown, and is reported."""
    compares: bool
    """It may lose answers."""
    probes: int
    """Tokens of probes that open a server again, which are no run's."""
    done: dict[str, int]
    """Faults, by the servers' counters."""

    @property
    def is_usage_true(self) -> bool:
        """Whether the runs report what was told, and no more."""
        told = self.generated - self.untold - self.probes
        return told <= self.reported <= (self.generated if self.streamed else told)

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self) | {"is_usage_true": self.is_usage_true}


async def measure(name: str, scenario: Scenario, questions: int, at_once: int) -> Measured:
    """Ask `questions` questions, `at_once` at a time, while it goes wrong."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
        servers = [stack.enter_context(running(*MOCK)) for _ in range(scenario.servers)]
        settings = Settings(
            generator_url=",".join(f"{server.url}/v1" for server in servers * scenario.urls),
            verifier_url="",
            database_url=f"sqlite+aiosqlite:///{folder}/traces.db",
            hedging=scenario.hedging,
            upstream_probe_s=1,
        )
        asked = [one["text"] for one in servers[0].get("/questions")]
        count = max(at_once, round(questions * scenario.share))
        async with open_engine(settings) as engine:
            await engine.ready()
            for seed, server in enumerate(servers):
                server.post("/reset")
                server.post("/faults", {"seed": seed, **scenario.faults})
            asker = _Asker(engine, scenario)
            started = time.perf_counter()
            texts = [asked[k % len(asked)] for k in range(count)]
            await asker.ask_all(texts, at_once, servers)
            wall_s = time.perf_counter() - started
            return _measured(name, scenario, asker, servers, wall_s)


class _Asker:
    """Asks, and keeps what came."""

    def __init__(self, engine: LocalEngine, scenario: Scenario) -> None:
        self._engine = engine
        self._scenario = scenario
        self.seconds: list[float] = []
        self.usage = Usage()
        self.whys: list[str] = []

    async def ask_all(self, texts: Sequence[str], at_once: int, servers: list[Running]) -> None:
        left = iter(enumerate(texts))
        down = self._scenario.down_s

        async def work() -> None:
            for number, text in left:
                if down and number == len(texts) // 4:
                    servers[0].post("/faults", {"down_s": down})
                await self._ask(text)

        await asyncio.gather(*(work() for _ in range(at_once)))

    async def _ask(self, text: str) -> None:
        ask = Ask(
            messages=(Message("user", text),),
            effort="low",
            budget=Budget(generations=GENERATIONS, deadline_s=self._scenario.deadline_s),
            kind="number",
        )
        started = time.perf_counter()
        async with self._engine.start(ask) as run:
            try:
                async for _ in run.events():
                    pass
                if not run.answer.text:
                    self.whys.append("an empty answer")
            except ForethoughtError as exc:
                self.whys.append(f"{type(exc).__name__}: {exc}")
            self.usage += run.usage
        self.seconds.append(time.perf_counter() - started)


def _measured(
    name: str, scenario: Scenario, asker: _Asker, servers: Sequence[Running], wall_s: float
) -> Measured:
    counters = [server.counters() for server in servers]
    seconds = sorted(asker.seconds)
    done: dict[str, int] = {"down": 1} if scenario.down_s else {}
    for one in counters:
        for kind, times in one["faults"].items():
            done[kind] = done.get(kind, 0) + times
    # Opening a server asks for a token each of two prompts, and nothing else asks for that.
    probed = sum(one["probes"] for one in counters)
    return Measured(
        name=name,
        says=scenario.says,
        runs=len(seconds),
        lost=len(asker.whys),
        whys=tuple(dict.fromkeys(asker.whys)),
        p50_s=_quantile(seconds, 0.5),
        p95_s=_quantile(seconds, 0.95),
        most_s=seconds[-1],
        wall_s=wall_s,
        generated=sum(one["completion_tokens"] for one in counters),
        untold=sum(one["left_tokens"] + one["cut_tokens"] for one in counters),
        reported=asker.usage.completion_tokens,
        streamed=scenario.deadline_s is not None,
        compares=scenario.compares,
        probes=probed,
        done=done,
    )


def _quantile(ordered: Sequence[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
