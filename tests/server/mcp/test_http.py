"""MCP over HTTP against an engine that plays a script: what a real client gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from mcp import Client

from fake_engine import PILOT, TRACE, ScriptedEngine
from faults import Gate
from forethought.nodes.errors import BackendError, BudgetSpent
from forethought.server.app import create_app
from forethought.server.mcp.mount import mount_mcp
from loopback import PATIENCE_S, Loopback

pytestmark = pytest.mark.anyio
SUM = {"question": "What is 17 + 25?"}
ERAS = pytest.mark.parametrize("mode", ["legacy", "auto"])
"""With sessions, as clients up to 2025-11-25 have them, and without, as from 2026-07-28."""


@asynccontextmanager
async def connected(engine: ScriptedEngine, mode: Any = "auto") -> AsyncIterator[Client]:
    with Loopback(create_app(engine)) as server:
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            yield client


@ERAS
async def test_a_client_lists_the_tool_with_both_schemas(mode: str) -> None:
    async with connected(ScriptedEngine(), mode) as client:
        (tool,) = (await client.list_tools()).tools
    assert tool.name == "think"
    assert tool.input_schema["required"] == ["question"]
    assert set(tool.input_schema["properties"]) == {"question", "context", "effort", "answer_kind"}
    assert tool.output_schema is not None
    assert "trace_id" in tool.output_schema["required"]


@ERAS
async def test_the_answer_comes_as_text_and_as_structure(mode: str) -> None:
    async with connected(ScriptedEngine(PILOT), mode) as client:
        result = await client.call_tool("think", SUM)  # the client checks it by the output schema
    assert not result.is_error
    assert [block.text for block in result.content if block.type == "text"] == [
        "It is 42.",
        "[the first samples agree; 75% of the vote; trouble: one sample was lost; trace 0193]",
    ]
    assert result.structured_content == {
        "text": "It is 42.",
        "answer": "42",
        "confidence": 0.75,
        "probability": None,
        "whole": True,
        "stop_reason": "confident",
        "effort": "medium",
        "generations": 4,
        "tokens": 40,
        "seconds": 1.5,
        "trace_id": TRACE,
        "faults": ["one sample was lost"],
    }


async def test_the_engine_is_asked_what_the_arguments_say() -> None:
    engine = ScriptedEngine()
    asked = {"question": "How many?", "context": "A list of 3.", "effort": "high"}
    async with connected(engine) as client:
        await client.call_tool("think", asked | {"answer_kind": "number"})
        await client.call_tool("think", SUM)
    full, bare = engine.asked
    assert full.messages[0].content == "Context:\nA list of 3.\n\nQuestion:\nHow many?"
    assert (full.effort, full.budget.generations, full.kind) == ("high", 64, "number")
    assert (bare.messages[0].content, bare.effort, bare.kind) == (SUM["question"], "medium", None)
    assert (bare.face, bare.live) == ("mcp", False)


async def test_the_words_of_a_context_do_not_decide_what_kind_is_asked_for() -> None:
    engine = ScriptedEngine()
    async with connected(engine) as client:
        await client.call_tool("think", SUM | {"context": "Write a poem; explain the code."})
    assert engine.asked[0].kind == "math"


@ERAS
async def test_progress_arrives_in_order_and_only_grows(mode: str) -> None:
    told: list[tuple[float, str | None]] = []
    gate = Gate()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))
        gate.open()

    async with connected(ScriptedEngine(PILOT, gate, PILOT), mode) as client:
        await client.call_tool("think", SUM, progress_callback=note)
    drew = "Drew 2 first answers; the question looks middling."
    assert told == [(1, drew), (2, drew)]


async def test_a_silence_is_broken_so_that_no_client_gives_up() -> None:
    gate = Gate()
    told: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)
        if len(told) == 2:
            gate.open()

    with Loopback(quick(ScriptedEngine(gate))) as server:
        async with Client(f"{server.url}/mcp") as client:
            await client.call_tool("think", SUM, progress_callback=note)
    assert told[:2] == ["Still thinking, 0 s so far."] * 2


def quick(engine: ScriptedEngine) -> FastAPI:
    app = FastAPI()
    mount_mcp(app, engine, pulse_s=0.01)
    return app


@ERAS
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "bad arguments: question: Field required"),
        ({"question": "  "}, "question: String should have at least 1 character"),
        ({"question": 7}, "question: Input should be a valid string"),
        (SUM | {"effort": "huge"}, "effort: Input should be 'none', 'minimal', 'low'"),
        (SUM | {"answer_kind": "poem"}, "answer_kind: Input should be 'math'"),
        (SUM | {"url": "http://x"}, "url: Extra inputs are not permitted"),
    ],
)
async def test_bad_arguments_are_an_error_of_the_tool(
    mode: str, arguments: dict[str, Any], said: str
) -> None:
    engine = ScriptedEngine()
    async with connected(engine, mode) as client:
        result = await client.call_tool("think", arguments)
    (block,) = result.content
    assert result.is_error and block.type == "text"
    assert said in block.text and "\n" not in block.text
    assert not engine.asked


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BackendError("the server is down"), "the server is down (trace 0193)"),
        (
            BudgetSpent("tokens"),
            "the budget of tokens is spent before anything was found; allow more (trace 0193)",
        ),
        (KeyError("secret"), "internal error; the server's log has the details (trace 0193)"),
    ],
)
async def test_a_run_that_fails_is_one_sentence(error: Exception, said: str) -> None:
    async with connected(ScriptedEngine(PILOT, error)) as client:
        result = await client.call_tool("think", SUM)
    assert (result.is_error, result.structured_content) == (True, None)
    assert [block.text for block in result.content if block.type == "text"] == [said]


@ERAS
async def test_a_cancelled_call_ends_its_run(mode: str) -> None:
    gate = Gate()
    engine = ScriptedEngine(gate)
    async with connected(engine, mode) as client:
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "think", SUM)
            await gate.reached()
            calls.cancel_scope.cancel()
        await engine.closed.reached()
        assert (engine.open, engine.cancelled) == (0, 1)
        assert (await client.list_tools()).tools  # the connection goes on


async def test_many_calls_of_one_session_run_side_by_side() -> None:
    gate = Gate()
    engine = ScriptedEngine(gate)
    async with connected(engine, "legacy") as client, anyio.create_task_group() as calls:
        for _ in range(5):
            calls.start_soon(client.call_tool, "think", SUM)
        with anyio.fail_after(PATIENCE_S):
            while engine.open < 5:
                await anyio.lowlevel.checkpoint()
        gate.open()
    assert engine.most == 5
