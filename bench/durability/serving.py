"""`forethought serve` in a process of its own, that can be killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

PROGRAM = "from forethought.server.cli.main import app; app()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of them, that listens."""

    process: asyncio.subprocess.Process
    url: str
    log: Path
    """Its stderr."""

    async def kill(self) -> None:
        """End it as nothing can be caught."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def metric(self, name: str) -> float:
        """Return a number of `/metrics` without labels."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=30) as http:
            text = (await http.get("/metrics")).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        if found is None:
            raise LookupError(f"there is no metric {name}")
        return float(found[1])


@asynccontextmanager
async def serving(
    model_url: str, database: str, folder: Path, **settings: object
) -> AsyncIterator[Server]:
    """Serve inside the block; at its end a server that still runs is asked to stop."""
    given: dict[str, object] = {
        "generator_url": f"{model_url}/v1",
        "verifier_url": f"{model_url}/v1",
        "database_url": database,
        "journal_dir": folder / "journals",
        "max_running": 64,
    } | settings
    kept = {name: value for name, value in os.environ.items() if "FORETHOUGHT" not in name}
    log = folder / "server.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "serve", "--port", "0"),
            env=kept | {f"FORETHOUGHT_{name.upper()}": str(value) for name, value in given.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        assert process.stdout
        line = (await process.stdout.readline()).decode()
        found = re.search(r"http://[^/\s]+:\d+", line)
        if found is None:
            raise RuntimeError(f"it does not serve: {line!r} {log.read_text()[-2000:]}")
        yield Server(process=process, url=found[0], log=log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
