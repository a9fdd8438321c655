"""Scores again what best-of-N found: whole and step by step, each run by itself and gathered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from forethought.nodes.errors import BackendError
from forethought.nodes.values import Question
from forethought.nodes.verifiers.base import ProcessVerifier
from forethought.nodes.verifiers.batched import BatchedVerifier
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier

from .cells import BASELINE, Rescoring
from .counters import moved, server_counters
from .counting import CountedVerifier, Spent
from .measuring import Bench, at_once_all


async def score_again(bench: Bench, plain: VllmProcessVerifier, n: int, at_once: int) -> None:
    """Score the finals of the last best-of-N cell at `n`, in each way; `plain` gathers nothing."""
    record = bench.record
    cells = [c for c in record.cells if (c.strategy, c.n) == (BASELINE, n)]
    if not cells:
        return
    runs = [
        (row.question, outcome.solutions)
        for row, outcome in zip(bench.rows, cells[-1].outcomes, strict=True)
        if outcome.solutions
    ]
    ways: list[tuple[str, ProcessVerifier, bool]] = [
        ("whole", plain, False),
        ("whole, gathered", BatchedVerifier(plain), False),
        ("step by step", plain, True),
        ("step by step, gathered", BatchedVerifier(plain), True),  # remembers nothing yet
    ]
    for way, verifier, stepwise in ways:
        spent = Spent()
        counted = CountedVerifier(verifier, spent)
        before = await server_counters(bench.roots)
        started = time.monotonic()
        try:
            async with asyncio.timeout(record.left_s):
                await at_once_all(at_once, [score_run(counted, *r, stepwise) for r in runs])
        except (TimeoutError, BackendError) as exc:
            record.skipped.append(f"scoring {way} N={n}: {exc!r}")
            continue
        wall = time.monotonic() - started
        record.scoring.append(
            Rescoring(
                way=way,
                n=n,
                at_once=at_once,
                wall_s=wall,
                runs=len(runs),
                calls=spent.verifier_calls,
                solutions=spent.solutions,
                verifier_tokens=spent.usage.verifier_tokens,
                waited_s=spent.verifier_s,
                counters=moved(before, await server_counters(bench.roots)),
            )
        )
        record.tell(f"scoring {way} N={n} at once={at_once}: {wall:.1f} s")


async def score_run(
    verifier: ProcessVerifier,
    question: Question,
    solutions: Sequence[Sequence[str]],
    stepwise: bool,
) -> None:
    """Score the solutions of one run; step by step, all prefixes of one length in one call."""
    longest = max(map(len, solutions))
    for length in range(1, longest + 1) if stepwise else [longest]:
        await verifier.score(
            question, [s[:length] for s in solutions if len(s) >= length or not stepwise]
        )
