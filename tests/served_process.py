"""`forethought serve` in a process of its own, over a stand-in of its model server."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from fake_model import Say
from fake_vllm import FakeVllm
from forethought.storage.store import Store
from forethought.storage.views import TraceSummary

PROGRAM = "from forethought.server.cli.main import app; app()"
PATH = "/v1/chat/completions"
BODY: dict[str, Any] = {
    "model": "forethought",
    "messages": [{"role": "user", "content": "What is 17 + 25?"}],
    "reasoning_effort": "high",
}
PATIENCE_S = 60.0


def never_agrees(prompt: str, k: int) -> str:
    return f"The final answer is: \\boxed{{{1000 + k}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    process: asyncio.subprocess.Process
    generator: FakeVllm
    http: httpx2.AsyncClient
    database: str

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def says(self, pattern: str) -> str:
        """Wait until stderr has a line with `pattern`, and return it."""
        assert self.process.stderr
        while line := await asyncio.wait_for(self.process.stderr.readline(), PATIENCE_S):
            if re.search(pattern, text := line.decode()):
                return text
        raise AssertionError(f"it ended without saying {pattern}")

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    async def traces(self) -> list[TraceSummary]:
        store = await Store.open(self.database)
        try:
            return await store.list_traces()
        finally:
            await store.close()


@asynccontextmanager
async def serving(
    tmp_path: Path,
    *,
    say: Say = never_agrees,
    generator: FakeVllm | None = None,
    **settings: object,
) -> AsyncIterator[Served]:
    """Run the command over a generator whose samples never agree, or over the one that is given."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    with ExitStack() as stack:
        generator = generator or stack.enter_context(FakeVllm(say))
        given: dict[str, object] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": "",
            "database_url": database,
        } | settings
        kept = {name: value for name, value in os.environ.items() if "FORETHOUGHT" not in name}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "serve", "--port", "0"),
            env=kept | {f"FORETHOUGHT_{name.upper()}": str(v) for name, v in given.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
            found = re.search(r"http://\S+:\d+", line.decode())
            assert found, (line, process.stderr and await process.stderr.read())
            async with httpx2.AsyncClient(base_url=found[0], timeout=PATIENCE_S) as http:
                yield Served(process=process, generator=generator, http=http, database=database)
        finally:
            generator.heal()
            if process.returncode is None:
                process.kill()
                await process.wait()
            # Its pipes are closed by the loop, which has to be given the turn to notice.
            if process.stderr:
                await process.stderr.read()
