"""Starts the server in a process of its own, for scripts and tests.

with running("--step-ms", "10") as upstream:
    ... upstream.url ... upstream.counters() ... upstream.post("/faults", {"error_share": 0.05})
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One server that runs."""

    port: int
    pid: int
    model: str

    @property
    def url(self) -> str:
        """Where it is, without `/v1`."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as reply:
            return json.load(reply)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post JSON, and return what comes."""
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def counters(self) -> dict[str, Any]:
        """Return what it has seen."""
        found: dict[str, Any] = self.get("/counters")
        return found


@contextmanager
def running(*options: str, python: str = sys.executable) -> Iterator[Running]:
    """Run one for as long as the block lasts."""
    command = [python, str(Path(__file__).parent), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the upstream ended with {process.wait()}")
            yield Running(**json.loads(line))
        finally:
            process.terminate()
