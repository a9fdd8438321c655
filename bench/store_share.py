"""Prints what the store adds to a run: `python bench/store_share.py [--database URL] [--effort medium]`.

Runs go through the whole engine, one after the other, over a mock of vLLM (`bench/upstream`) whose clock
stands for a GPU. What is timed is what a run waits for: everything the recorder does in its task, the
journal included. Then many runs go on at once over a mock that costs no time, once with the store and once
with a writer that throws rows away: what the writing behind the runs' back costs in CPU, the driver's thread included.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if not __package__:  # run by its path: the mock is found from the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.upstream.running import running

from forethought.nodes.budget import GENERATIONS, Budget
from forethought.nodes.values import Message
from forethought.server.engine import Ask
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.settings import Settings
from forethought.storage import recorder as recorders
from forethought.storage.calls import RecordedGenerator, RecordedVerifier
from forethought.storage.recorder import TraceRecorder
from forethought.storage.rows import Row
from forethought.storage.writer import Writer

SPENT: dict[str, float] = defaultdict(float)
"""Seconds by trace."""


class Inside:
    """What a recorded model server wraps: remembers how long it took itself."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def complete(self, *args: Any, **options: Any) -> Any:
        """Sample, and time it."""
        return await self._timed(self._inner.complete(*args, **options))

    async def score(self, *args: Any) -> Any:
        """Score, and time it."""
        return await self._timed(self._inner.score(*args))

    async def _timed(self, coming: Any) -> Any:
        began = time.perf_counter()
        try:
            return await coming
        finally:
            self.seconds += time.perf_counter() - began


class Outside(Inside):
    """A recorded model server: what it took beyond the one inside is the store's."""

    def __init__(self, recorded: Any, inside: Inside, trace_id: str) -> None:
        super().__init__(recorded)
        self._inside = inside
        self._trace_id = trace_id

    async def _timed(self, coming: Any) -> Any:
        before, began = self._inside.seconds, time.perf_counter()
        try:
            return await coming
        finally:
            inside = self._inside.seconds - before
            SPENT[self._trace_id] += time.perf_counter() - began - inside


class TimedRecorder(TraceRecorder):
    """A recorder that adds up its own time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        super().__init__(*args, **options)
        SPENT[self.trace_id] += time.perf_counter() - began

    def generator(self, inner: Any) -> Any:
        """Return `inner` recorded and timed."""
        inside = Inside(inner)
        return Outside(RecordedGenerator(inside, self._calls), inside, self.trace_id)

    def verifier(self, inner: Any) -> Any:
        """Return `inner` recorded and timed."""
        inside = Inside(inner)
        return Outside(RecordedVerifier(inside, self._calls), inside, self.trace_id)

    def on(self, event: Any) -> None:
        """Take an event, and time it."""
        self._timed(super().on, event)

    def finish(self, answer: Any) -> None:
        """Take the answer, and time it."""
        self._timed(super().finish, answer)

    def _timed(self, tell: Callable[[Any], None], what: Any) -> None:
        began = time.perf_counter()
        tell(what)
        SPENT[self.trace_id] += time.perf_counter() - began


class Nowhere(Writer):
    """A writer that throws rows away."""

    def add(self, row: Row) -> None:
        """Take it and forget it."""

    def flush(self) -> None:
        """Nothing is there."""


async def one(engine: LocalEngine, question: str, effort: Any) -> tuple[str, float]:
    """Run a question, and return its trace and its seconds."""
    budget = Budget(generations=GENERATIONS[effort])
    ask = Ask(messages=(Message("user", question),), effort=effort, budget=budget)
    began = time.perf_counter()
    async with engine.start(ask) as run:
        async for _ in run.events():
            pass
        return run.trace_id, time.perf_counter() - began


async def many(engine: LocalEngine, questions: Sequence[str], effort: Any, at_once: int) -> float:
    """Return the seconds of CPU of this process for all of them, `at_once` at a time, until every row
    is written."""
    gate = asyncio.Semaphore(at_once)

    async def next_one(question: str) -> None:
        async with gate:
            await one(engine, question, effort)

    began = time.process_time()
    await asyncio.gather(*(next_one(question) for question in questions))
    await engine.store.drain()
    return time.process_time() - began


async def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'traces.db'}"
        with running(f"--step-ms={options.step_ms}", "--step-ms-per-sequence=0.05") as model:
            settings = settings_of(model.url, url, folder)
            asked = list(islice(cycle(q["text"] for q in model.get("/questions")), options.runs))
            async with open_engine(settings) as engine:
                await one(engine, asked[0], options.effort)
                SPENT.clear()
                runs = [await one(engine, question, options.effort) for question in asked]
        added = [SPENT[trace_id] * 1000 for trace_id, _ in runs]
        shares = [SPENT[trace_id] / seconds for trace_id, seconds in runs]
        print(
            f"{len(runs)} runs of effort {options.effort}, median"
            f" {statistics.median(s for _, s in runs):.3f} s: the store adds"
            f" {statistics.median(added):.2f} ms at the median (p95 {p95(added):.2f} ms),"
            f" {statistics.median(shares):.2%} of the run"
        )
        with running() as model:
            settings = settings_of(model.url, url, folder)
            seconds: dict[str, list[float]] = {"with": [], "without": []}
            for name in ("with", "without") * options.rounds:
                async with open_engine(settings) as engine:
                    if name == "without":
                        engine.store._writer = Nowhere(engine.store._engine.begin)
                    await one(engine, asked[0], options.effort)
                    seconds[name].append(await many(engine, asked, options.effort, options.at_once))
        cpu = {name: statistics.median(each) / len(asked) for name, each in seconds.items()}
        print(
            f"{options.at_once} at once over a mock that costs no time: {cpu['with'] * 1000:.1f} ms of"
            f" CPU a run with the store, {cpu['without'] * 1000:.1f} ms without"
            f" ({cpu['with'] / cpu['without'] - 1:+.1%})"
        )


def settings_of(model_url: str, database: str, folder: str) -> Settings:
    """Return the settings of the service over the mock."""
    return Settings(
        generator_url=f"{model_url}/v1",
        verifier_url=f"{model_url}/v1",
        database_url=database,
        journal_dir=Path(folder) / "journals",
    )


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database")
    parser.add_argument("--effort", default="medium")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3, help="of each, with and without the store")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--step-ms", type=float, default=5.0, help="of the mock, a token")
    recorders.TraceRecorder = TimedRecorder  # type: ignore[misc]
    import forethought.storage.store as stores

    stores.TraceRecorder = TimedRecorder  # type: ignore[misc]
    asyncio.run(main(parser.parse_args()))
