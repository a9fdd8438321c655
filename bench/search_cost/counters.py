"""The servers' own counters, read from vLLM's metrics (the Prometheus text format)."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

COUNTERS = {
    "cache_queries": "vllm:prefix_cache_queries_total",
    "cache_hits": "vllm:prefix_cache_hits_total",
    "read_tokens": "vllm:prompt_tokens_total",
    "pooling_requests": 'http_requests_total{handler="/pooling"',
}
"""What is read from a server's metrics: our name, and how its lines begin."""


async def server_counters(roots: Mapping[str, str], *, reset: bool = False) -> dict[str, float]:
    """Return the counters of each server that has any, named `{side}_{counter}`.

    `roots` maps a side, `generator` or `verifier`, to its server's address without `/v1`. `reset`
    empties the generator's prefix cache first. Only a vLLM in its development mode empties it;
    elsewhere later cells find the prompts of earlier ones in the cache.
    """
    found: dict[str, float] = {}
    async with httpx2.AsyncClient(timeout=30) as client:
        for side, root in roots.items():
            try:
                if reset and side == "generator":
                    await client.post(f"{root}/reset_prefix_cache")
                reply = await client.get(f"{root}/metrics")
            except httpx2.HTTPError:
                continue
            lines = reply.text if reply.status_code == 200 else ""
            found |= {f"{side}_{k}": v for k, v in read_counters(lines).items()}
    return found


def read_counters(text: str) -> dict[str, float]:
    """Return the counters in a Prometheus text, each summed over its label sets."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        for name, start in COUNTERS.items():
            if line.startswith(start):
                found[name] = found.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
    return found


def moved(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each counter has moved; one that is new began at 0."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}
