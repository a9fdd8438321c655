"""What it costs to be able to go on after a restart: from the rows of the trace, or by checkpoints.

    python bench/resume_cost.py

One run of 64 samples in waves, of eight steps each, whose samples never agree, over a generator that
answers at once, so that the graph is all there is. Without a checkpointer; with LangGraph's in memory,
which serialises every superstep and writes nothing (a database comes on top); and the reading of what the
trace had: its rows into candidates.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence

from langgraph.checkpoint.memory import InMemorySaver

from forethought.graphs.run import Graph, run_graph
from forethought.graphs.think import build_think_graph
from forethought.nodes.algorithms.adaptive_consistency import AdaptiveConsistency
from forethought.nodes.backends.base import Abilities, OnText, Prompt, Sampled
from forethought.nodes.budget import Budget, Meter
from forethought.nodes.policy.fixed import FixedPolicy
from forethought.nodes.state import Deps
from forethought.nodes.values import Completion, Kind, Message, Question, Sampling, Usage
from forethought.server.earlier import read_earlier
from forethought.storage.recorder import RunInfo
from forethought.storage.store import Store

N, STEPS, TIMES = 64, 8, 30
QUESTION = Question(messages=(Message("user", "What is 17 + 25?"),), kind="number")


class Generator:
    """Answers at once, each time something else."""

    abilities = Abilities(model="none")

    def __init__(self) -> None:
        self._drawn = 0

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return `n` answers of `STEPS` steps."""
        made = []
        for _ in range(n):
            self._drawn += 1
            steps = [f"Step {k}: we add and carry, and look at it again." for k in range(STEPS)]
            text = "\n\n".join([*steps, f"The final answer is: \\boxed{{{self._drawn}}}"])
            made.append(Completion(text=text, end="eos", n_tokens=100))
        return Sampled(batches=(tuple(made),), usage=Usage(calls=1, completion_tokens=100 * n))


class Keys:
    """Every answer is its own key."""

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        """Return them as they are."""
        return list(answers)


def deps() -> Deps:
    """Return collaborators of a new run."""
    return Deps(
        generator=Generator(),
        verifier=None,
        policy=FixedPolicy(strategy=AdaptiveConsistency(n=N - 4)),
        equality=Keys(),
        meter=Meter(Budget(generations=N)),
        sampling=Sampling(),
        rng=random.Random(0),
    )


async def plain(graph: Graph) -> float:
    """Return the milliseconds of a run."""
    started = time.perf_counter()
    async for _ in run_graph(graph, QUESTION, deps()):
        pass
    return (time.perf_counter() - started) * 1000


async def checkpointed() -> float:
    """Return the same with a checkpoint after each superstep."""
    graph = build_think_graph().builder.compile(checkpointer=InMemorySaver())
    started = time.perf_counter()
    config = {"configurable": {"thread_id": "one"}}
    stream = graph.astream({"question": QUESTION}, config, context=deps(), stream_mode="updates")
    async for _ in stream:
        pass
    return (time.perf_counter() - started) * 1000


async def read_back() -> tuple[float, int]:
    """Return the milliseconds that reading a broken run takes, and how many candidates come."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite:///{folder}/traces.db")
        info = RunInfo(
            question=QUESTION,
            effort="high",
            budget=Budget(generations=N),
            sampling=Sampling(),
            face="bench",
            model="none",
        )
        recorder = store.begin(info)
        async for event in run_graph(build_think_graph(), QUESTION, deps()):
            recorder.on(event)
        recorder.interrupt()
        await store.drain()
        started = time.perf_counter()
        earlier = await read_earlier(store, recorder.trace_id)
        ms = (time.perf_counter() - started) * 1000
        await store.close()
    return ms, len(earlier.candidates)


async def main() -> None:
    """Measure, and print medians."""
    graph = build_think_graph()
    for _ in range(3):
        await plain(graph), await checkpointed()
    without = [await plain(graph) for _ in range(TIMES)]
    with_them = [await checkpointed() for _ in range(TIMES)]
    read = [await read_back() for _ in range(TIMES // 3)]
    print(f"run of {N}, no checkpointer: {statistics.median(without):.1f} ms")
    print(f"run of {N}, checkpoints in memory: {statistics.median(with_them):.1f} ms")
    reading = statistics.median(ms for ms, _ in read)
    print(f"reading {read[0][1]} candidates back, only after a restart: {reading:.1f} ms")


asyncio.run(main())
