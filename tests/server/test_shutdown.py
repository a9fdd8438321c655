"""`forethought serve` in a process of its own: told to stop while it answers, reached by others."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from forethought.storage.views import TraceSummary

pytestmark = pytest.mark.anyio
PROGRAM = "from forethought.server.cli.main import app; app()"
PATH = "/v1/chat/completions"
BODY: dict[str, Any] = {
    "model": "forethought",
    "messages": [{"role": "user", "content": "What is 17 + 25?"}],
    "reasoning_effort": "high",
}
PATIENCE_S = 60.0


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
async def serving(tmp_path: Path, **settings: object) -> AsyncIterator[Served]:
    """Run the command over a generator whose samples never agree."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    with FakeVllm(lambda prompt, k: f"The final answer is: \\boxed{{{1000 + k}}}") as generator:
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


async def test_a_running_answer_ends_within_the_grace_with_its_best_so_far(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=1) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)  # in the search, for ever
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        ready, late = await it.http.get("/readyz"), await it.http.post(PATH, json=BODY)
        reply = await asking
        assert await it.ended() == 0
        assert it.generator.open == 0
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["the server is shutting down"])
    assert (late.status_code, late.json()["error"]["code"]) == (503, "shutting_down")
    assert (late.headers["retry-after"], late.headers["x-should-retry"]) == ("1", "true")
    said = reply.json()["forethought"]
    assert (reply.status_code, said["stop_reason"]) == (200, "deadline")
    assert "1000" in reply.json()["choices"][0]["message"]["content"]
    assert said["generations"] == 4
    (trace,) = await it.traces()
    assert (trace.status, trace.stop_reason) == ("finished", "deadline")


async def test_a_running_answer_that_needs_less_than_the_grace_is_whole(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        body = BODY | {"stream": True, "reasoning_effort": "medium"}
        asking = asyncio.create_task(it.http.post(PATH, json=body))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        gate.open()
        reply = await asking
        assert await it.ended() == 0
    assert reply.text.endswith("data: [DONE]\n\n")
    (trace,) = await it.traces()
    assert trace.status == "finished"
    assert trace.stop_reason != "deadline"


async def test_a_run_that_has_found_nothing_by_then_is_asked_for_elsewhere(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=0) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)  # the pilot itself
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        reply = await asking
        assert await it.ended() == 0
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "shutting_down")
    assert (reply.headers["retry-after"], reply.headers["x-should-retry"]) == ("1", "true")


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=300) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        it.stop()
        assert (await asking).status_code == 409
        assert await it.ended() == 0
    (trace,) = await it.traces()
    assert trace.status == "cancelled"


async def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, grace_s=300) as it:
        it.stop()
        assert await it.ended() == 0


async def test_a_server_that_others_can_reach_asks_for_a_key_and_says_how_one_is_made(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, host="0.0.0.0") as it:
        assert "forethought keys create NAME" in await it.says("No API key exists")
        refused = await it.http.post(PATH, json=BODY)
        store = await Store.open(it.database)
        made = await store.create_key(NewKey(name="anna"))
        await store.close()
        key = {"authorization": f"Bearer {made.secret}"}
        answered = await it.http.post(PATH, json=BODY | {"reasoning_effort": "low"}, headers=key)
        it.stop()
        assert await it.ended() == 0
    assert (refused.status_code, answered.status_code) == (401, 200)
    store = await Store.open(it.database)
    owner = await store.owner_of_run(answered.headers["x-forethought-trace-id"])
    await store.close()
    assert owner is not None and owner.key_id == made.key.id


async def test_keys_are_off_for_others_only_where_that_is_said(tmp_path: Path) -> None:
    async with serving(tmp_path, host="0.0.0.0", keys="off") as it:
        assert "whoever reaches 0.0.0.0 can ask" in await it.says("Keys are off")
        reply = await it.http.post(PATH, json=BODY | {"reasoning_effort": "low"})
        assert reply.status_code == 200
