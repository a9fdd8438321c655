"""Prints how many step rows a second the store takes: `python bench/store_rate.py [URL]`.

Without a URL it writes to a temporary SQLite file. `on the run's path` is what a run waits for.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from forethought.nodes.algorithms.base import Search
from forethought.nodes.budget import Budget
from forethought.nodes.candidate import Step
from forethought.nodes.events import NodeFinished
from forethought.nodes.state import Hunt, ThinkState
from forethought.nodes.values import Message, Question, Sampling
from forethought.storage.recorder import RunInfo
from forethought.storage.store import Store

RUNS, STEPS, ROUNDS = 100, 500, 10
TEXT = "We multiply the number of boxes by the number of apples in each. " * 8


BRANCH = tuple(
    Step(key=f"s{n}", parent=f"s{n - 1}" if n else None, text=TEXT, n_tokens=100, score=0.5)
    for n in range(STEPS)
)
"""One long branch, of which each round tells a longer beginning."""


async def main(url: str) -> None:
    """Write, and print the rate."""
    info = RunInfo(
        question=Question(messages=(Message("user", "How many?"),), kind="number"),
        effort="high",
        budget=Budget(generations=64),
        sampling=Sampling(),
        face="bench",
        model="none",
    )
    searches = [
        Search(epoch=1, rounds=n, live=(BRANCH[: STEPS * n // ROUNDS],))
        for n in range(1, ROUNDS + 1)
    ]
    events = [
        NodeFinished(
            node="search",
            writes=cast("ThinkState", {"hunt": Hunt(search=search, epoch_of=1)}),
            started_s=0.0,
            seconds=0.0,
        )
        for search in searches
    ]
    store = await Store.open(url)
    waited = 0.0
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(RUNS):
        started = time.perf_counter()
        recorder = store.begin(info)
        for event in events:
            recorder.on(event)
        recorder.cancel()
        waited += time.perf_counter() - started
        await asyncio.sleep(0)
    await store.drain()
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    await store.close()
    rows = RUNS * STEPS
    sys.stdout.write(
        f"{rows} steps of {len(TEXT)} characters in {seconds:.2f} s: {rows / seconds:,.0f} a"
        f" second, {rows / cpu:,.0f} a second of this process's CPU;"
        f" on the run's path {waited / RUNS * 1000:.2f} ms a run of {STEPS} steps\n"
    )


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        default = f"sqlite:///{Path(folder) / 'traces.db'}"
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else default))
