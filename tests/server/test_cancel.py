"""A run that nobody wants any more: its client left, or it was cancelled by its trace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.server.admission import Admission, Line, Ticket
from forethought.server.app import create_app
from forethought.server.guard import guard_of
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from forethought.storage.views import TraceSummary

pytestmark = pytest.mark.anyio
PATH = "/v1/chat/completions"
HEADER = "x-forethought-trace-id"
BODY: dict[str, Any] = {
    "model": "forethought",
    "messages": [{"role": "user", "content": "What is 17 + 25?"}],
    "reasoning_effort": "high",
}


FACES: dict[str, dict[str, Any]] = {
    PATH: BODY,
    "/v1/responses": {
        "model": "forethought",
        "input": "What is 17 + 25?",
        "reasoning": {"effort": "high"},
    },
    "/v1/think": {"question": "What is 17 + 25?", "effort": "high"},
}


class WatchedLine(Line):
    """A line that tells when somebody waits in it, and when one who waited has left."""

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        super().__init__(max_running=max_running, max_waiting=max_waiting)
        self.somebody_waits = asyncio.Event()
        self.somebody_left = asyncio.Event()

    def enter(self, priority: int) -> tuple[Ticket, Ticket | None]:
        entered = super().enter(priority)
        if self.waiting:
            self.somebody_waits.set()
        return entered

    def leave(self, ticket: Ticket) -> Ticket | None:
        if ticket in self.waiting:
            self.somebody_left.set()
        return super().leave(ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    generator: FakeVllm
    url: str
    database: str
    store: Store
    http: httpx2.AsyncClient
    line: WatchedLine
    key: dict[str, str]
    other: dict[str, str]

    async def running(self) -> str:
        """Return the trace that is being run."""
        await self.store.drain()
        (trace,) = [t for t in await self.traces() if t.status == "running"]
        return trace.id

    async def traces(self) -> list[TraceSummary]:
        store = await Store.open(self.database)
        try:
            return await store.list_traces()
        finally:
            await store.close()

    async def cancel(self, trace_id: str, key: dict[str, str]) -> httpx2.Response:
        return await self.http.post(f"/v1/traces/{trace_id}/cancel", headers=key)


@asynccontextmanager
async def service(tmp_path: Path, **settings: Any) -> AsyncIterator[Service]:
    """Serve a generator whose samples never agree, to two keys."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    async with AsyncExitStack() as stack:
        never_agrees = FakeVllm(lambda prompt, k: f"The final answer is: \\boxed{{{1000 + k}}}")
        generator = stack.enter_context(never_agrees)
        chosen = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url="",
            database_url=database,
            keys="required",
            **settings,
        )
        engine = await stack.enter_async_context(open_engine(chosen))
        made = [await engine.store.create_key(NewKey(name=name)) for name in ("anna", "ben")]
        anna, ben = ({"authorization": f"Bearer {one.secret}"} for one in made)
        line = WatchedLine(max_running=chosen.max_running, max_waiting=chosen.max_waiting)
        guard = replace(guard_of(chosen, engine.store), admission=Admission(line))
        app = create_app(engine, guard=guard)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        http = httpx2.AsyncClient(base_url=url, timeout=20)
        yield Service(
            generator=generator,
            url=url,
            database=database,
            store=engine.store,
            http=await stack.enter_async_context(http),
            line=line,
            key=anna,
            other=ben,
        )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", list(FACES))
async def test_a_client_that_leaves_stops_every_call_and_its_trace_is_cancelled(
    tmp_path: Path, path: str, stream: bool
) -> None:
    gate = Gate()
    async with service(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)  # in the search
        body = FACES[path] | {"stream": stream}
        asking = asyncio.create_task(it.http.post(path, json=body, headers=it.key))
        await gate.reached()
        assert it.generator.open == 1
        asking.cancel()
        await it.generator.idle()
        assert it.generator.open == 0
        assert it.generator.aborted == 1
        asked = len(it.generator.requests)
    (trace,) = await it.traces()
    assert (trace.status, asked) == ("cancelled", len(it.generator.requests))


async def test_a_client_that_leaves_while_it_waits_leaves_no_trace(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, max_running=1, max_waiting=1) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        first = asyncio.create_task(it.http.post(PATH, json=BODY, headers=it.key))
        await gate.reached()
        leaving = asyncio.create_task(it.http.post(PATH, json=BODY, headers=it.key))
        await it.line.somebody_waits.wait()
        leaving.cancel()
        await it.line.somebody_left.wait()
        gate.open()
        assert (await first).status_code == 200
    assert [trace.status for trace in await it.traces()] == ["finished"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_run_is_cancelled_by_its_trace_and_its_client_told_so(
    tmp_path: Path, stream: bool
) -> None:
    gate = Gate()
    async with service(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        body = BODY | {"stream": stream}
        asking = asyncio.create_task(it.http.post(PATH, json=body, headers=it.key))
        await gate.reached()
        trace_id = await it.running()
        strangers = await it.cancel(trace_id, it.other)
        cancelled = await it.cancel(trace_id, it.key)
        reply = await asking
        await it.generator.idle()
        again = await it.cancel(trace_id, it.key)
        unknown = await it.cancel("none", it.key)
        nobodys = await it.cancel(trace_id, {})
    assert cancelled.json() == {"id": trace_id, "object": "trace", "status": "cancelled"}
    assert (reply.headers[HEADER], "run_cancelled" in reply.text) == (trace_id, True)
    assert reply.status_code == (200 if stream else 409)
    refused = [(r.status_code, r.json()["error"]["code"]) for r in (strangers, again, unknown)]
    assert refused == [
        (404, "trace_not_found"),
        (409, "run_ended"),
        (404, "trace_not_found"),
    ]
    assert strangers.json()["error"]["message"] == f"there is no trace {trace_id!r}"
    assert nobodys.status_code == 401
    (trace,) = await it.traces()
    assert trace.status == "cancelled"


async def test_the_openai_client_does_not_ask_again_for_a_run_that_was_cancelled(
    tmp_path: Path,
) -> None:
    gate = Gate()
    async with service(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        key = it.key["authorization"].removeprefix("Bearer ")
        async with openai.AsyncOpenAI(base_url=f"{it.url}/v1", api_key=key) as client:
            asking = asyncio.create_task(client.chat.completions.create(**BODY))
            await gate.reached()
            await it.cancel(await it.running(), it.key)
            with pytest.raises(openai.ConflictError, match="the run was cancelled"):
                await asking
    assert len(await it.traces()) == 1
