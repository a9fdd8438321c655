"""The tools against a whole service with stand-ins of the model servers: calls, traces, cancelling."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from fake_model import Say
from fake_vllm import FakeVllm
from faults import Gate, Hold, Refuse
from forethought.server.app import create_app
from forethought.server.guard import guard_of
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.keys import NewKey
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio
SUM = {"question": "What is 17 + 25?"}
ERAS = pytest.mark.parametrize("mode", ["legacy", "auto"])


@dataclass(frozen=True)
class Service:
    generator: FakeVllm
    url: str
    database: str
    store: Store

    def client(self, mode: Any = "auto") -> Client:
        return Client(self.url, mode=mode)

    async def status(self) -> str:
        """Of the newest trace; to be asked when the service has ended."""
        store = await Store.open(self.database)
        try:
            return (await store.list_traces(1))[0].status
        finally:
            await store.close()


@asynccontextmanager
async def service(tmp_path: Path, say: Say, **more: Any) -> AsyncIterator[Service]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(say))
        chosen: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": "",
            "database_url": database,
        } | more
        settings = Settings(**chosen)
        engine = await stack.enter_async_context(open_engine(settings))
        guard = guard_of(settings, engine.store)
        app = create_app(engine, guard=guard, traces=engine.store)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        knocking = httpx2.AsyncHTTPTransport(retries=5)  # it may not listen yet
        async with httpx2.AsyncClient(transport=knocking) as http:
            assert (await http.get(f"{url}/healthz")).status_code == 200
        yield Service(generator=generator, url=f"{url}/mcp", database=database, store=engine.store)


def solution(value: object) -> str:
    return f"## Step 1: 17 + 25 = {value}.\n\nThe final answer is: \\boxed{{{value}}}"


def never_agrees(prompt: str, k: int) -> str:
    return solution(1000 + k)


async def test_a_question_is_thought_about_and_its_trace_is_read(tmp_path: Path) -> None:
    async with service(tmp_path, lambda prompt, k: solution(42)) as it, it.client() as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["think", "read_trace"]
        thought = (await client.call_tool("think", SUM | {"effort": "low"})).structured_content
        trace_id = thought["trace_id"]
        read = await client.call_tool("read_trace", {"trace_id": trace_id.upper()})
    (words,) = (block.text for block in read.content if block.type == "text")
    report = read.structured_content
    assert (thought["answer"], thought["generations"], thought["confidence"]) == ("42", 4, 1.0)
    assert (report["trace_id"], report["status"], report["answer"]) == (trace_id, "finished", "42")
    assert report["tokens"] == thought["tokens"]
    assert report["votes"] == [{"answer": "42", "share": 1.0, "answers": 4}]
    assert "What is 17 + 25?" in words and "42: 100% of the weight, 4 equal" in words


@pytest.mark.parametrize(
    ("trace_id", "said"),
    [
        ("0193ffff-0000-7000-8000-000000000000", "there is no trace '0193ffff-"),
        ("0", "trace_id: String should match pattern"),
        ("%" * 36, "trace_id: String should match pattern"),
    ],
)
async def test_a_trace_is_read_by_its_whole_id_alone(
    tmp_path: Path, trace_id: str, said: str
) -> None:
    async with service(tmp_path, never_agrees) as it, it.client() as client:
        await client.call_tool("think", SUM | {"effort": "none"})
        result = await client.call_tool("read_trace", {"trace_id": trace_id})
    (block,) = result.content
    assert result.is_error and block.type == "text" and said in block.text


@ERAS
async def test_progress_tells_each_stage_in_order(tmp_path: Path, mode: str) -> None:
    told: list[tuple[float, str]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message or ""))

    async with service(tmp_path, never_agrees) as it, it.client(mode) as client:
        await client.call_tool("think", SUM, progress_callback=note)
    numbers = [number for number, _ in told]
    assert numbers == list(range(1, len(told) + 1))
    beginnings = [sentence.split()[0] for _, sentence in told]
    assert beginnings[0] == "Drew"
    assert beginnings[-1] == "Done:"
    assert beginnings.index("Plan:") < beginnings.index("Round") < beginnings.index("Leading")


@ERAS
async def test_a_cancelled_call_leaves_no_upstream_request_open(tmp_path: Path, mode: str) -> None:
    gate = Gate()
    async with service(tmp_path, never_agrees) as it, it.client(mode) as client:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "think", SUM | {"effort": "high"})
            await gate.reached()
            calls.cancel_scope.cancel()
        await it.generator.idle()
        assert (it.generator.open, it.generator.aborted) == (0, 1)
        gate.open()
    assert await it.status() == "cancelled"


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
async def test_a_client_that_only_hangs_up_ends_its_run_too(tmp_path: Path, version: str) -> None:
    gate = Gate()
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "think",
    }
    async with service(tmp_path, never_agrees) as it, httpx2.AsyncClient(headers=headers) as http:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        params = {"name": "think", "arguments": SUM, "_meta": meta}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        if version == "2025-06-18":
            del params["_meta"]
            http.headers["Mcp-Session-Id"] = await shake_hands(http, it.url)
        async with anyio.create_task_group() as calls:
            calls.start_soon(hang_on, http, it.url, body)
            await gate.reached()
            calls.cancel_scope.cancel()
        await it.generator.idle()
        assert (it.generator.open, it.generator.aborted) == (0, 1)
        gate.open()
    assert await it.status() == "cancelled"


async def shake_hands(http: httpx2.AsyncClient, url: str) -> str:
    who = {"name": "test", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": who}
    body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    session = (await http.post(url, json=body)).headers["Mcp-Session-Id"]
    done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    await http.post(url, json=done, headers={"Mcp-Session-Id": session})
    return session


async def hang_on(http: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> None:
    async with http.stream("POST", url, json=body) as reply:
        assert reply.status_code == 200, await reply.aread()
        async for _ in reply.aiter_lines():
            pass


@ERAS
async def test_a_generator_that_fails_is_an_error_of_the_tool_with_its_trace(
    tmp_path: Path, mode: str
) -> None:
    async with service(tmp_path, never_agrees) as it, it.client(mode) as client:
        for call in (2, 3, 4):
            it.generator.fault("/v1/completions", Refuse(), at=call)
        result = await client.call_tool("think", SUM)
    (block,) = result.content
    assert result.is_error and block.type == "text"
    assert "(trace 0" in block.text and "\n" not in block.text
    assert await it.status() == "failed"


async def test_a_service_that_ends_ends_its_sessions_and_runs(tmp_path: Path) -> None:
    gate = Gate()
    async with AsyncExitStack() as client_side:
        async with service(tmp_path, never_agrees) as it:
            it.generator.fault("/v1/completions", Hold(gate), at=2)
            client = await client_side.enter_async_context(it.client("legacy"))
            async with anyio.create_task_group() as calls:
                calls.start_soon(client.call_tool, "think", SUM)
                await gate.reached()
                calls.cancel_scope.cancel()
            await it.generator.idle()
            gate.open()
        assert await it.status() == "cancelled"


@ERAS
async def test_a_key_reads_only_the_traces_of_its_own_runs(tmp_path: Path, mode: Any) -> None:
    @asynccontextmanager
    async def caller(it: Service, name: str) -> AsyncIterator[Client]:
        secret = (await it.store.create_key(NewKey(name=name))).secret
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as http:
            transport = streamable_http_client(it.url, http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client

    async with (
        service(tmp_path, never_agrees, keys="required") as it,
        caller(it, "anna") as anna,
        caller(it, "ben") as ben,
    ):
        thought = (await anna.call_tool("think", SUM | {"effort": "none"})).structured_content
        asked = {"trace_id": thought["trace_id"]}
        hers = await anna.call_tool("read_trace", asked)
        his = await ben.call_tool("read_trace", asked)
    (block,) = his.content
    assert not hers.is_error
    assert his.is_error and block.type == "text" and block.text.startswith("there is no trace")


async def test_without_a_key_nothing_is_answered_where_keys_are_wanted(tmp_path: Path) -> None:
    async with (
        service(tmp_path, never_agrees, keys="required") as it,
        httpx2.AsyncClient() as http,
    ):
        assert (await http.post(it.url, json={})).status_code == 401
