"""How busy a server says it is, and how many sequences it is given at once.

Source of the names: vLLM's `/metrics`, in Prometheus' text format. A server without them keeps the
limit it began with. One sequence is one sample of one prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

START = 256
"""Sequences at once of a server that has said nothing: vLLM's own `max_num_seqs`."""
LEAST = 8
MOST = 4096
STEP = 16
"""By which the limit grows, a reading, while all of it is used and nothing waits."""
FULL_CACHE = 0.95
"""A share of the key-value cache in use, past which a server begins to preempt."""
_LINE = re.compile(
    r"^(vllm:num_requests_running|vllm:num_requests_waiting|vllm:kv_cache_usage_perc"
    r"|vllm:gpu_cache_usage_perc)(?:\{[^}]*\})?\s+(\S+)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One reading; engines of a data-parallel server are added up."""

    running: float
    waiting: float
    cache: float
    """Share of the key-value cache in use, of the fullest engine, in [0, 1]."""


def read_load(text: str) -> Load | None:
    """Return what a metrics page says; None where it says nothing of requests."""
    sums = {"running": 0.0, "waiting": 0.0}
    cache, seen = 0.0, False
    for name, number in _LINE.findall(text):
        try:
            value = float(number)
        except ValueError:
            continue
        if name.endswith("_perc"):
            cache = max(cache, value)
            continue
        seen = True
        sums[name.rpartition("_")[2]] += value
    return Load(running=sums["running"], waiting=sums["waiting"], cache=cache) if seen else None


def next_limit(limit: int, load: Load | None, ours: int) -> int:
    """Return the limit after a reading, with `ours` sequences of this process under way.

    A quarter less where requests wait there or its cache is full, a step more where all of the limit
    is used and none waits: it follows what the server takes, whoever else asks it.
    """
    if load is None:
        return limit
    if load.waiting > 0 or load.cache >= FULL_CACHE:
        return max(LEAST, min(limit, max(ours, LEAST)) * 3 // 4)
    return min(MOST, limit + STEP) if ours * 4 >= limit * 3 else limit


def of_others(load: Load | None, ours: int) -> int:
    """Return the sequences there that are not this process's."""
    return 0 if load is None else max(0, round(load.running + load.waiting) - ours)
