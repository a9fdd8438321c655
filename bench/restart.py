"""Kills a server with SIGKILL in the middle of a run, starts it again, and asks the same again.

    python bench/restart.py

Prints what the model server generated for the run that was killed, for the one that went on from it, and
for one that nobody killed. The question is a hard one, so that all 64 samples are drawn.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

if not __package__:  # run by its path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.upstream.running import Running, running

PROGRAM = "from forethought.server.cli.main import app; app()"
MOCK = ("--step-ms", "20", "--hard", "0.02", "--easy", "0.02", "--answer-tokens", "60")


@contextmanager
def serving(upstream: Running, folder: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `forethought serve`, and give it and its URL."""
    environment = {k: v for k, v in os.environ.items() if "FORETHOUGHT" not in k} | {
        "FORETHOUGHT_GENERATOR_URL": f"{upstream.url}/v1",
        "FORETHOUGHT_VERIFIER_URL": "",
        "FORETHOUGHT_DATABASE_URL": f"sqlite:///{folder}/traces.db",
    }
    command = [sys.executable, "-c", PROGRAM, "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://[^/\s]+", line)
            if found is None:
                raise RuntimeError(f"it did not start: {line}")
            yield process, found[0]
        finally:
            process.kill()


async def ask(url: str, text: str, key: str) -> httpx2.Response:
    """Ask for 64 generations."""
    body = {
        "model": "forethought",
        "messages": [{"role": "user", "content": text}],
        "forethought": {
            "max_generations": 64,
            "strategy": {"name": "majority", "n": 60, "wave": 12},
        },
    }
    async with httpx2.AsyncClient(timeout=300) as http:
        headers = {"idempotency-key": key}
        return await http.post(f"{url}/v1/chat/completions", json=body, headers=headers)


async def main() -> None:
    """Kill, ask again, and compare."""
    with tempfile.TemporaryDirectory() as folder, running(*MOCK) as upstream:
        text = upstream.get("/questions")[1]["text"]
        with serving(upstream, folder) as (process, url):
            upstream.post("/reset")
            asking = asyncio.create_task(ask(url, text, "one"))
            while upstream.counters()["samples"] < 40:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.05)
            process.kill()
            await asyncio.gather(asking, return_exceptions=True)
            killed = upstream.counters()
        with serving(upstream, folder) as (_, url):
            upstream.post("/reset")
            reply = await ask(url, text, "one")
            again = upstream.counters()
            upstream.post("/reset")
            whole = await ask(url, text, "two")
            control = upstream.counters()
            upstream.post("/reset")
            told = await ask(url, text, "one")
            nothing = upstream.counters()
    for name, counters, came in (
        ("killed", killed, None),
        ("went on from it", again, reply),
        ("never killed", control, whole),
        ("asked once more", nothing, told),
    ):
        line = f"{name}: {counters['samples']} samples, {counters['completion_tokens']} tokens"
        if came is not None:
            said = came.json()
            line += f", {said['usage']['completion_tokens']} reported"
            line += f", {said['forethought']['generations']} generations"
            line += f", {said['forethought']['stop_reason']}"
        print(line)
    print({k: v for k, v in reply.headers.items() if "forethought" in k})
    print({k: v for k, v in told.headers.items() if "idempotent" in k})


asyncio.run(main())
