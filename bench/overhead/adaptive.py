"""Tokens at equal accuracy: N samples whatever is asked, or as many as a question needs."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from forethought.nodes.equality.extract import extract_answer
from forethought.nodes.equality.keys import AnswerKeys

from ..upstream.running import running
from .cells import measure
from .load import Replied
from .systems import ANSWER, System, its_hub, its_hub_library, optillm, ours

BOXED = r"\\boxed\{([^}]*)\}"
"""What recorded samples state their answer by."""
PRM = {"FORETHOUGHT_VERIFIER_URL": "{url}/v1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system on one order of the draws; tokens are those that the upstream counted, a question."""

    system: str
    seed: int
    questions: int
    right: int
    failed: int
    prompt_tokens: float
    completion_tokens: float
    verifier_tokens: float
    """Read by the process reward model or by a judge, and what a judge wrote."""
    p50_ms: float
    p95_ms: float
    posts: float


def run(options: argparse.Namespace) -> Iterator[Row]:
    """Ask every system all questions, once for each seed of the draws."""
    if options.policy is not None and options.pool is None:
        raise SystemExit("--policy needs --pool: it was fitted on samples of that model")
    for seed in options.seeds:
        bank = ["--seed", str(seed)]
        if options.pool is None:
            bank += ["--questions", str(options.questions)]
        else:
            bank += ["--pool", str(options.pool), "--limit", str(options.questions)]
        yield from _rows(bank, _systems(options), options, seed)
        if options.policy is not None:
            yield from _rows([*bank, "--goes-on"], _by_policy(options), options, seed)


def _rows(
    bank: Sequence[str], systems: Sequence[System], options: argparse.Namespace, seed: int
) -> Iterator[Row]:
    with running(*bank) as upstream:
        asked = upstream.get("/questions")
        for system in systems:
            with system.start(upstream) as served:
                texts = [question["text"] for question in asked]
                cell, replies = measure(
                    system, served, upstream, texts, at_once=options.at_once, repeat=seed
                )
            yield row_of(cell, asyncio.run(right_of(replies, asked)))


def row_of(cell: Any, right: int) -> Row:
    """Return what a cell says, with how many answers were right."""
    return Row(
        system=cell.system,
        seed=cell.repeat,
        questions=cell.requests,
        right=right,
        failed=cell.failed,
        prompt_tokens=cell.prompt_tokens,
        completion_tokens=cell.completion_tokens,
        verifier_tokens=cell.verifier_tokens + cell.judge_tokens,
        p50_ms=cell.p50_ms,
        p95_ms=cell.p95_ms,
        posts=cell.posts,
    )


async def right_of(replies: Sequence[Replied], asked: Sequence[dict[str, Any]]) -> int:
    """Return how many replies end in the gold answer, by our own equality for all systems."""
    keys, right = AnswerKeys(), 0
    for reply in replies:
        text = json.loads(reply.body)["choices"][0]["message"]["content"]
        found = extract_answer(text or "", "math")
        own, gold = await keys.keys([found or "", asked[reply.number]["gold"]], "math")
        right += found is not None and own == gold
    keys.close()
    return right


def table(rows: Sequence[Row]) -> str:
    """Return the means over the seeds, with the standard error of the accuracy over all answers."""
    lines = [
        "| system | accuracy % (s.e.) | prompt | generated | verifier, judge | both | POSTs | p50 / p95 ms "
        + "| failed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for system in dict.fromkeys(row.system for row in rows):
        own = [row for row in rows if row.system == system]
        total = sum(row.questions for row in own)
        share = sum(row.right for row in own) / total
        error = math.sqrt(share * (1 - share) / total)
        made, read = (
            fmean(getattr(r, k) for r in own) for k in ("completion_tokens", "verifier_tokens")
        )
        lines.append(
            f"| {system} | {100 * share:.1f} ({100 * error:.1f}) | "
            f"{fmean(r.prompt_tokens for r in own):.0f} | {made:.0f} | {read:.0f} | {made + read:.0f} | "
            f"{fmean(r.posts for r in own):.1f} | {fmean(r.p50_ms for r in own):.0f} / "
            f"{fmean(r.p95_ms for r in own):.0f} | {sum(r.failed for r in own)} |"
        )
    return "\n".join(lines)


def _by_policy(options: argparse.Namespace) -> list[System]:
    """Return ours as a fitted policy decides; it may go on with what it has cut."""
    name = json.loads(options.policy.read_text())["name"]
    return [
        ours(
            f"ours, fitted policy up to {ceiling}, PRM",
            {"task_kind": "math", "max_generations": ceiling, "policy": name},
            PRM,
            policy=options.policy,
        )
        for ceiling in options.ceilings
    ]


def _systems(options: argparse.Namespace) -> list[System]:
    kind = "number" if options.pool is None else "math"
    answer = ANSWER if options.pool is None else BOXED
    peers = [
        peer
        for n in options.ns
        for peer in (
            optillm(f"optillm {n}", "majority_voting", {"k": n}, torch=options.torch),
            its_hub(f"its_hub {n}", n, answer=answer),
            its_hub_library(f"its_hub adaptive {n}", "adaptive", n, answer=answer),
            its_hub_library(f"its_hub beta {n}", "beta", n, answer=answer),
        )
    ]
    waves = {"name": "best_of_n", "n": 16, "wave": 4}
    mine = [
        ours("ours, effort medium", {"task_kind": kind}, reasoning_effort="medium"),
        ours("ours, effort medium, PRM", {"task_kind": kind}, PRM, reasoning_effort="medium"),
        ours("ours, effort low, PRM", {"task_kind": kind}, PRM, reasoning_effort="low"),
        ours(
            "ours, best-of-8 weighted, PRM",
            {"task_kind": kind, "max_generations": 8, "strategy": waves | {"n": 8}},
            PRM,
        ),
        ours(
            "ours, best-of-16 weighted, PRM",
            {"task_kind": kind, "max_generations": 16, "strategy": waves},
            PRM,
        ),
    ]
    return peers if options.peers_only else [*peers, *mine]
