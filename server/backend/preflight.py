"""Look before starting: is the port free, is there memory, does the wanted server run already.

Every failure here would otherwise come minutes later, deep in a log.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2

from .errors import BackendSetupError
from .launch import Place, Serving

GIB = 1 << 30
PROCESS_BYTES = 2 * GIB
"""What the three processes of one vLLM take besides weights and key-value cache."""

ReadMemory = Callable[[], int | None]
"""Returns the memory available without swapping in bytes, None where it cannot be known."""


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return MemAvailable in bytes; None on systems without /proc/meminfo."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def check_memory(servings: Sequence[Serving], read: ReadMemory = available_memory) -> None:
    """Return if the CPU servers of `servings` fit into memory together.

    Raises:
        BackendSetupError: They do not. vLLM itself looks after the memory of a GPU.
    """
    needed = sum(
        serving.weight_bytes + serving.kv_cache_gib * GIB + PROCESS_BYTES
        for serving in servings
        if serving.device == "cpu"
    )
    there = read()
    if there is not None and there < needed:
        names = " and ".join(serving.place.served_name for serving in servings)
        raise BackendSetupError(
            f"{names} need about {needed / GIB:.1f} GiB of memory and {there / GIB:.1f} GiB are "
            "available: choose a smaller model or a smaller --kv-cache-gib"
        )


async def runs_already(place: Place, *, timeout_s: float = 10.0) -> bool:
    """Tell whether a server on the port serves a model of the same name; False if the port is free.

    Raises:
        BackendSetupError: Something else is on the port, or the host is not this machine's.
    """
    if await served_models(place.root_url, timeout_s) & {place.served_name}:
        return True
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        # As servers do: an address that a dead connection lingers on is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            raise BackendSetupError(
                f"port {place.port} of {place.host} cannot be had for the {place.role} "
                f"({error.strerror}): stop what uses it or choose another port"
            ) from error
    return False


async def served_models(root_url: str, timeout_s: float) -> frozenset[str]:
    """Return the names that GET /v1/models lists; empty if nothing or something else answers."""
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=timeout_s) as client:
            response = await client.get(f"{root_url}/v1/models")
            body: Any = response.json()
            return frozenset(str(entry["id"]) for entry in body["data"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return frozenset()
