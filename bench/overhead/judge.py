"""Best-of-N under a judge: ours by P(yes), optillm by a rating after a rating, its_hub by ratings at once."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator

from ..upstream.running import running
from .adaptive import Row, right_of, row_of
from .cells import measure
from .systems import System, its_hub_library, optillm, ours


def run(options: argparse.Namespace) -> Iterator[Row]:
    """Ask every system all questions."""
    bank = ["--questions", str(options.questions), "--latency-ms", str(options.latency_ms)]
    with running(*bank) as upstream:
        asked = upstream.get("/questions")
        texts = [question["text"] for question in asked]
        for system in _systems(options):
            with system.start(upstream) as served:
                cell, replies = measure(
                    system, served, upstream, texts, at_once=options.at_once, repeat=0
                )
            yield row_of(cell, asyncio.run(right_of(replies, asked)))


def _systems(options: argparse.Namespace) -> list[System]:
    judged = {"FORETHOUGHT_VERIFIER_FORMAT": "judge", "FORETHOUGHT_VERIFIER_URL": ""}
    found = []
    for n in options.ns:
        for selection in ("best", "weighted"):
            strategy = {"name": "best_of_n", "n": n - 1, "selection": selection}
            extension = {"task_kind": "number", "max_generations": n, "strategy": strategy}
            environment = judged | {"FORETHOUGHT_PILOT": "1"}
            found.append(ours(f"ours, judge {n}, {selection}", extension, environment))
        found += [
            optillm(f"optillm bon {n}", "bon", {}, torch=options.torch, best_of=n),
            its_hub_library(f"its_hub best-of-n {n}", "best-of-n", n),
        ]
    return found
