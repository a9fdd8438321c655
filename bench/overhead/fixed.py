"""Self-consistency of 8 everywhere: what is left is overhead."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..upstream.running import Running, running
from .cells import Cell, ask, measure
from .systems import Served, System, its_hub, optillm, ours, straight

N = 8


def systems(options: argparse.Namespace) -> list[System]:
    """Return those that were asked for. A pilot that spends the whole budget is one draw of 8."""
    extension, pilot = {"max_generations": N, "task_kind": "number"}, {"FORETHOUGHT_PILOT": str(N)}
    found = {
        "straight": straight(N),
        "ours": ours("ours", extension, pilot),
        "ours_workers": ours("ours, 2 workers", extension, pilot | {"FORETHOUGHT_WORKERS": "2"}),
        "optillm": optillm("optillm", "majority_voting", {"k": N}, torch=options.torch),
        "its_hub": its_hub("its_hub", N),
        "its_hub_capped": its_hub("its_hub_capped", N, capped=True),
    }
    return [found[name] for name in options.systems]


def run(options: argparse.Namespace) -> Iterator[Cell]:
    """Measure every system at every concurrency, each in its turn; yield the cells as they come."""
    chosen = systems(options)
    latency = ["--latency-ms", str(options.latency_ms)]
    with running("--questions", "400", *latency) as upstream:
        everything = [asked["text"] for asked in upstream.get("/questions")]
        ask(straight(N), Served(port=upstream.port, pid=upstream.pid), everything, 8)  # renders all
        for repeat in range(options.repeats):
            for system in chosen if repeat % 2 == 0 else reversed(chosen):
                yield from _one(system, upstream, options, repeat)


def _one(
    system: System, upstream: Running, options: argparse.Namespace, repeat: int
) -> Iterator[Cell]:
    texts = [asked["text"] for asked in upstream.get("/questions")]
    with system.start(upstream) as served:
        ask(system, served, texts[: options.warm_up], max(options.at_once))
        for at_once in options.at_once:
            # One at a time is slow where something is waited for; an eighth of it says as much.
            count = options.requests if at_once > 1 else max(20, options.requests // 8)
            questions = [texts[k % len(texts)] for k in range(count)]
            cell, _ = measure(system, served, upstream, questions, at_once=at_once, repeat=repeat)
            yield cell
