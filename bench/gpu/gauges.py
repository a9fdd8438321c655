"""The generator's `/metrics`, read now and then: vLLM's names, the Prometheus text format."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from .cells import Reading

EVERY_S = 0.25
NAMES = {
    "running": "vllm:num_requests_running",
    "waiting": "vllm:num_requests_waiting",
    "generated": "vllm:generation_tokens_total",
    "cache_hits": "vllm:prefix_cache_hits_total",
    "cache_queries": "vllm:prefix_cache_queries_total",
}


class Gauges:
    """One server's numbers."""

    def __init__(self, http: httpx2.AsyncClient, root: str) -> None:
        self._http = http
        self._url = f"{root}/metrics"

    async def read(self) -> dict[str, float]:
        """Return the numbers of now, each summed over engines; one that the server lacks is 0."""
        reply = await self._http.get(self._url)
        found = dict.fromkeys(NAMES, 0.0)
        for line in reply.raise_for_status().text.splitlines():
            for name, start in NAMES.items():
                if line.startswith((f"{start}{{", f"{start} ")):
                    found[name] += float(line.rsplit(" ", 1)[1])
        return found

    async def idle(self, patience_s: float) -> bool:
        """Wait until nothing runs or waits there, and say whether that came."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            now = await self.read()
            if now["running"] + now["waiting"] == 0:
                return True
            await asyncio.sleep(EVERY_S)
        return False

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[list[Reading]]:
        """Inside the block, add readings to the list."""
        readings: list[Reading] = []
        watching = asyncio.create_task(self._watch(readings))
        try:
            yield readings
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, readings: list[Reading]) -> None:
        began = time.monotonic()
        while True:
            try:
                now = await self.read()
            except httpx2.HTTPError:  # too busy to say: no reading
                pass
            else:
                at_s = time.monotonic() - began
                readings.append(Reading(at_s=at_s, running=now["running"], waiting=now["waiting"]))
            await asyncio.sleep(EVERY_S)
