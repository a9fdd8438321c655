"""`forethought mcp` as clients start it: a process, its stdin, its stdout."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio
SUM = {"question": "What is 17 + 25?"}
ARGV = [sys.executable, "-c", "from forethought.server.cli.main import app; app()", "mcp"]
PATIENCE_S = 120.0
"""A process imports everything first, which takes long where many start at once."""


def solution(value: object) -> str:
    return f"## Step 1: 17 + 25 = {value}.\n\nThe final answer is: \\boxed{{{value}}}"


def never_agrees(prompt: str, k: int) -> str:
    return solution(1000 + k)


def environment(tmp_path: Path, generator: FakeVllm) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "FORETHOUGHT_GENERATOR_URL": f"{generator.url}/v1",
        "FORETHOUGHT_VERIFIER_URL": "",
        "FORETHOUGHT_DATABASE_URL": database(tmp_path),
    }


def database(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"


async def newest_status(tmp_path: Path) -> str:
    store = await Store.open(database(tmp_path))
    try:
        return (await store.list_traces(1))[0].status
    finally:
        await store.close()


@asynccontextmanager
async def session(tmp_path: Path, generator: FakeVllm) -> AsyncIterator[ClientSession]:
    parameters = StdioServerParameters(
        command=ARGV[0], args=ARGV[1:], env=environment(tmp_path, generator)
    )
    with (tmp_path / "stderr").open("w") as log:
        async with stdio_client(parameters, errlog=log) as streams, ClientSession(*streams) as it:
            await it.initialize()
            yield it


async def test_a_client_lists_calls_and_reads_the_trace(tmp_path: Path) -> None:
    told: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    with FakeVllm(lambda prompt, k: solution(42)) as generator:
        async with session(tmp_path, generator) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            result = await client.call_tool("think", SUM, progress_callback=note)
            assert result.structured_content is not None
            trace_id = result.structured_content["trace_id"]
            read = await client.call_tool("read_trace", {"trace_id": trace_id})
            wrong = await client.call_tool("think", {"effort": "low"})
    assert names == ["think", "read_trace"]
    assert result.structured_content["answer"] == "42"
    assert told == sorted(set(told)) and told
    assert read.structured_content is not None
    assert read.structured_content["status"] == "finished"
    assert wrong.is_error
    assert await newest_status(tmp_path) == "finished"


async def test_a_cancelled_call_leaves_no_upstream_request_open(tmp_path: Path) -> None:
    gate = Gate()
    with FakeVllm(never_agrees) as generator:
        generator.fault("/v1/completions", Hold(gate), at=2)
        async with session(tmp_path, generator) as client:
            async with anyio.create_task_group() as calls:
                calls.start_soon(client.call_tool, "think", SUM)
                await gate.reached(PATIENCE_S)
                calls.cancel_scope.cancel()
            await generator.idle()
            assert generator.open == 0
            assert (await client.list_tools()).tools  # the connection goes on
        gate.open()
    assert await newest_status(tmp_path) == "cancelled"


async def started(tmp_path: Path, generator: FakeVllm) -> Process:
    """A process with a call that waits for its generator."""
    process = await asyncio.create_subprocess_exec(
        *ARGV, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(tmp_path, generator)
    )
    who = {"name": "test", "version": "1"}
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": who}
    assert process.stdin is not None
    for message in (
        {"id": 0, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 1, "method": "tools/call", "params": {"name": "think", "arguments": SUM}},
    ):
        line: dict[str, Any] = {"jsonrpc": "2.0"} | message
        process.stdin.write(json.dumps(line).encode() + b"\n")
    return process


@pytest.mark.parametrize("ending", ["stdin", "SIGTERM", "SIGINT"])
async def test_the_process_ends_cleanly_in_the_middle_of_a_call(
    tmp_path: Path, ending: str
) -> None:
    gate = Gate()
    with FakeVllm(never_agrees) as generator:
        generator.fault("/v1/completions", Hold(gate), at=2)
        process = await started(tmp_path, generator)
        assert process.stdin is not None and process.stdout is not None
        await gate.reached(PATIENCE_S)
        if ending == "stdin":
            process.stdin.close()
        else:
            process.send_signal(getattr(signal, ending))
        said = await asyncio.wait_for(process.stdout.read(), PATIENCE_S)
        code = await asyncio.wait_for(process.wait(), PATIENCE_S)
        await generator.idle()
        gate.open()
    process.stdin.close()
    replies = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert replies[0]["result"]["serverInfo"]["name"] == "forethought"
    assert all(reply["jsonrpc"] == "2.0" for reply in replies)
    assert await newest_status(tmp_path) == "cancelled"


async def test_what_is_not_the_protocol_goes_to_stderr(tmp_path: Path) -> None:
    with FakeVllm(never_agrees) as generator:
        generator.die()
        dead = environment(tmp_path, generator)
    process = await asyncio.create_subprocess_exec(
        *ARGV, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=dead
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stderr is not None
    warned = await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)
    process.stdin.close()
    assert await asyncio.wait_for(process.stdout.read(), PATIENCE_S) == b""
    await process.stderr.read()
    assert await process.wait() == 0
    assert warned.startswith(b"Not ready: ")


async def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with FakeVllm(never_agrees) as generator:
        settings = environment(tmp_path, generator)
    settings["FORETHOUGHT_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'db'}"
    (tmp_path / "no").write_text("a file")
    process = await asyncio.create_subprocess_exec(
        *ARGV, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=settings
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, out) == (1, b"")
    assert err.startswith(b"Error: ") and err.count(b"\n") == 1
