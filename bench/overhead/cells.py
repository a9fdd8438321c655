"""One measurement: a system, some questions, so many at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from ..upstream.running import Running
from .load import Loaded, Replied, load, request
from .process_cpu import used_by
from .systems import Served, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of it; tokens and POSTs are those that the upstream counted, a request."""

    system: str
    at_once: int
    repeat: int
    requests: int
    failed: int
    """Replies with an error status, or none."""
    per_s: float
    cpu_ms: float
    """Of the system's processes, a request."""
    p50_ms: float
    p95_ms: float
    posts: float
    prompt_tokens: float
    completion_tokens: float
    verifier_tokens: float
    judge_tokens: float
    """Read and written to judge."""
    reported_tokens: float
    """Generated, as the replies say."""
    rss_mib: float


def ask(system: System, served: Served, questions: Sequence[str], at_once: int) -> Loaded:
    """Ask all questions."""
    bodies = [json.dumps(system.body(question)).encode() for question in questions]
    requests = [request(served.port, "/v1/chat/completions", body) for body in bodies]
    return run(load(served.port, requests, at_once=at_once))


def measure(
    system: System,
    served: Served,
    upstream: Running,
    questions: Sequence[str],
    *,
    at_once: int,
    repeat: int,
) -> tuple[Cell, list[Replied]]:
    """Ask all questions, and count what it took."""
    upstream.post("/reset")
    before = used_by(served.pid)
    loaded = ask(system, served, questions, at_once)
    after = used_by(served.pid)
    counted = upstream.counters()
    whole = [reply for reply in loaded.replies if reply.status == 200]
    times = sorted(reply.seconds * 1000 for reply in whole) or [0.0]
    marks = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    told = [system.completion_tokens(json.loads(reply.body)) for reply in whole]
    n = len(questions)
    cell = Cell(
        system=system.name,
        at_once=at_once,
        repeat=repeat,
        requests=n,
        failed=n - len(whole),
        per_s=n / loaded.seconds,
        cpu_ms=(after.cpu_s - before.cpu_s) * 1000 / n,
        p50_ms=marks[9],
        p95_ms=marks[18],
        posts=sum(counted["posts"].values()) / n,
        prompt_tokens=counted["prompt_tokens"] / n,
        completion_tokens=counted["completion_tokens"] / n,
        verifier_tokens=counted["verifier_tokens"] / n,
        judge_tokens=(counted["judge_prompt_tokens"] + counted["judge_completion_tokens"]) / n,
        reported_tokens=sum(told) / n,
        rss_mib=after.rss_bytes / 2**20,
    )
    return cell, whole


def run(work: Any) -> Any:
    """Run a coroutine in a loop of its own, the quick one where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
