"""`forethought serve --workers 2`: two processes on one port and one database, over loopback.

The service is started once; each test talks to both of its workers, over a connection of its own to
each, and leaves two workers behind.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.nodes.errors import StoreError
from forethought.storage.keys import NewKey
from forethought.storage.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("two workers")]
PROGRAM = "from forethought.server.cli.main import app; app()"
CHAT, CALLS = "/v1/chat/completions", "/v1/completions"
TRACE = "x-forethought-trace-id"
PATIENCE_S = 120.0
BODY: dict[str, Any] = {
    "model": "forethought",
    "messages": [{"role": "user", "content": "What is 17 + 25?"}],
    "reasoning_effort": "low",
}
LIMIT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    process: subprocess.Popen[bytes]
    generator: FakeVllm
    url: str
    database: str
    anna: dict[str, str]
    ben: dict[str, str]
    """May ask `LIMIT` times a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker, and a connection that it has taken."""

    pid: int
    http: httpx2.AsyncClient

    async def ask(self, key: dict[str, str]) -> httpx2.Response:
        return await self.http.post(CHAT, json=BODY, headers=key)


async def running(it: Served, key: dict[str, str], count: int) -> list[str]:
    """Wait until so many runs go on, and return their traces, newest first.

    Over a connection of its own: those of the workers are for what is to come to them.
    """
    async with (
        httpx2.AsyncClient(base_url=it.url, timeout=PATIENCE_S) as http,
        asyncio.timeout(PATIENCE_S),
    ):
        while True:
            page = await http.get("/v1/traces?status=running", headers=key)
            found: list[str] = [trace["id"] for trace in page.json()["data"]]
            if len(found) == count:
                return found
            await asyncio.sleep(0.05)


async def stopping(it: Served) -> None:
    """Wait until a worker says that it stops."""
    async with (
        httpx2.AsyncClient(base_url=it.url, timeout=PATIENCE_S) as http,
        asyncio.timeout(PATIENCE_S),
    ):
        while (await http.get("/readyz")).status_code != 503:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("workers")
    database = f"sqlite+aiosqlite:///{folder / 'traces.db'}"
    anna, ben = asyncio.run(make_keys(database))
    with FakeVllm(lambda prompt, k: "The final answer is: \\boxed{42}") as generator:
        settings = {
            "GENERATOR_URL": f"{generator.url}/v1",
            "VERIFIER_URL": "",
            "DATABASE_URL": database,
            "KEYS": "required",
        }
        kept = {name: value for name, value in os.environ.items() if "FORETHOUGHT" not in name}
        with (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                (sys.executable, "-c", PROGRAM, "serve", "--port", "0", "--workers", "2"),
                env=kept | {f"FORETHOUGHT_{name}": value for name, value in settings.items()},
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert process.stdout
        with process, process.stdout:
            try:
                line = process.stdout.readline().decode()
                found = re.search(r"(http://\S+:\d+)/v1 in 2 workers", line)
                assert found, (line, (folder / "stderr").read_text())
                yield Served(
                    process=process,
                    generator=generator,
                    url=found[1],
                    database=database,
                    anna=anna,
                    ben=ben,
                )
            finally:
                generator.heal()
                process.kill()  # the workers notice, and end


async def make_keys(database: str) -> list[dict[str, str]]:
    store = await Store.open(database)
    wanted = NewKey(name="anna"), NewKey(name="ben", requests_per_minute=LIMIT)
    made = [await store.create_key(key) for key in wanted]
    await store.close()
    return [{"authorization": f"Bearer {one.secret}"} for one in made]


async def pid_of(database: str, trace_id: str) -> int:
    """Return the process that wrote a trace, once it is written."""
    store = await Store.open(database)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    trace = (await store.read_trace(trace_id)).trace
                except StoreError:
                    await asyncio.sleep(0.05)
                    continue
                return int(trace.writer.split(":")[-2])
    finally:
        await store.close()


@asynccontextmanager
async def both(it: Served) -> AsyncIterator[list[Worker]]:
    """Open connections until each of the two workers has taken one."""
    met: dict[int, Worker] = {}
    opened: list[httpx2.AsyncClient] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while len(met) < 2:
                http = httpx2.AsyncClient(base_url=it.url, timeout=PATIENCE_S)
                opened.append(http)
                reply = await http.post("/v1/responses", json=response("Hello"), headers=it.anna)
                pid = await pid_of(it.database, reply.headers[TRACE])
                met.setdefault(pid, Worker(pid=pid, http=http))
        yield list(met.values())
    finally:
        for http in opened:
            await http.aclose()


def response(text: str, **body: Any) -> dict[str, Any]:
    return {"model": "forethought", "input": text, "reasoning": {"effort": "low"}} | body


async def test_both_answer_and_one_database_has_the_traces_of_both(served: Served) -> None:
    async with both(served) as (one, other):
        replies = [await one.ask(served.anna), await other.ask(served.anna)]
        traces = [reply.headers[TRACE] for reply in replies]
        pids = [await pid_of(served.database, trace) for trace in traces]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert pids == [one.pid, other.pid]
    assert served.process.pid not in pids


async def test_a_limit_holds_over_both(served: Served) -> None:
    async with both(served) as workers:
        replies = [await workers[n % 2].ask(served.ben) for n in range(LIMIT)]
        refused = [await worker.ask(served.ben) for worker in workers]
    assert [reply.status_code for reply in replies] == [200] * LIMIT
    assert [reply.status_code for reply in refused] == [429, 429]
    assert replies[-1].headers["x-ratelimit-remaining-requests"] == "0"


async def test_a_response_goes_on_at_once_in_the_other(served: Served) -> None:
    async with both(served) as (one, other):
        first = await one.http.post("/v1/responses", json=response("17 + 25?"), headers=served.anna)
        again = response("And 1 more?", previous_response_id=first.json()["id"])
        second = await other.http.post("/v1/responses", json=again, headers=served.anna)
    assert (first.status_code, second.status_code) == (200, 200), second.text


async def test_a_run_is_cancelled_over_the_other(served: Served) -> None:
    gate = Gate()
    async with both(served) as (one, other):
        served.generator.fault(CALLS, Hold(gate))
        asking = asyncio.create_task(one.ask(served.anna))
        (trace_id,) = await running(served, served.anna, 1)
        path = f"/v1/traces/{trace_id}/cancel"
        strangers = await other.http.post(path, headers=served.ben)
        cancelled = await other.http.post(path, headers=served.anna)
        reply = await asking
        again = await other.http.post(path, headers=served.anna)
        served.generator.heal()
    assert (strangers.status_code, cancelled.status_code) == (404, 200)
    assert cancelled.json()["status"] == "cancelled"
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "run_cancelled")
    assert again.json()["error"]["code"] == "run_ended"


async def test_one_that_is_killed_loses_its_own_runs_alone_and_is_replaced(served: Served) -> None:
    gate = Gate()
    async with both(served) as (one, other):
        served.generator.fault(CALLS, Hold(gate))
        lost, kept = (asyncio.create_task(worker.ask(served.anna)) for worker in (one, other))
        traces = await running(served, served.anna, 2)
        os.kill(one.pid, signal.SIGKILL)
        with pytest.raises(httpx2.TransportError):
            await lost
        served.generator.heal()
        assert (await kept).status_code == 200
    async with both(served) as workers:
        pids = {worker.pid for worker in workers}
        found = [
            await workers[0].http.get(f"/v1/traces/{trace}", headers=served.anna)
            for trace in traces
        ]
    assert other.pid in pids and one.pid not in pids
    statuses = sorted(reply.json()["trace"]["status"] for reply in found)
    assert statuses == ["finished", "interrupted"]


async def test_told_to_stop_both_let_their_runs_end(served: Served) -> None:
    gate = Gate()
    async with both(served) as workers:
        served.generator.fault(CALLS, Hold(gate))
        asking = [asyncio.create_task(worker.ask(served.anna)) for worker in workers]
        await running(served, served.anna, 2)
        served.process.send_signal(signal.SIGTERM)
        await stopping(served)
        served.generator.heal()
        replies = [await task for task in asking]
    code = await asyncio.to_thread(served.process.wait, PATIENCE_S)
    assert ([reply.status_code for reply in replies], code) == ([200, 200], 0)
