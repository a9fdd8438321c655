import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest

from fake_engine import LIVE, PILOT, TRACE, ScriptedEngine, answer
from faults import Gate
from forethought.nodes.budget import Budget
from forethought.nodes.errors import BackendError, PromptTooLong, StoreError
from forethought.nodes.events import TextArrived
from forethought.nodes.needs import Needs
from forethought.nodes.values import Message, ToolCall
from forethought.server.app import create_app
from forethought.server.http_terms import HttpTerms
from loopback import Loopback
from response_laws import read_events, strictly

pytestmark = pytest.mark.anyio
PATH = "/v1/responses"
HEADER = "x-forethought-trace-id"
BODY = {"model": "forethought", "input": "17+25?"}
TOLD = (
    "Pilot\n\n(1) It is 42.\n\n(2) 41\n\n"
    "Difficulty: level 3 of 5 (P about 0.41 that one sample is right, votes, 2 samples)"
)
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "Says how it is outside.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}
CALLS = (
    ToolCall(id="a", name="weather", arguments='{"city":"Bern"}'),
    ToolCall(id="b", name="weather", arguments='{"city":"Basel"}'),
)


@asynccontextmanager
async def served(engine: ScriptedEngine, **options: Any) -> AsyncIterator[httpx2.AsyncClient]:
    with Loopback(create_app(engine, **options)) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=20) as http:
            yield http


@asynccontextmanager
async def client(engine: ScriptedEngine, **options: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    with Loopback(create_app(engine, **options)) as server:
        url = f"{server.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="none", timeout=20) as client:
            yield client


async def streamed(engine: ScriptedEngine, **body: Any) -> list[Any]:
    async with served(engine) as http:
        reply = await http.post(PATH, json=BODY | {"stream": True} | body)
    assert reply.status_code == 200, reply.text
    assert reply.headers[HEADER] == TRACE
    return read_events(reply.text)


async def test_the_openai_client_gets_the_thinking_the_answer_and_what_it_cost() -> None:
    engine = ScriptedEngine(PILOT)
    async with client(engine) as openai_client:
        raw = await openai_client.responses.with_raw_response.create(
            model="small-model", input="17+25?", metadata={"team": "a"}
        )
    reply = raw.parse()
    reasoning, message = reply.output
    assert raw.headers[HEADER] == TRACE
    assert (reply.id, reply.model, reply.status) == (f"resp_{TRACE}", "small-model", "completed")
    assert reply.output_text == "It is 42."
    assert reasoning.type == "reasoning" and message.type == "message"
    assert (reasoning.id, message.id) == (f"rs_{TRACE}", f"msg_{TRACE}")
    assert [part.text for part in reasoning.summary] == [TOLD]
    assert reply.metadata == {"team": "a"}
    assert reply.usage is not None
    assert reply.usage.model_dump(exclude_none=True) == {
        "input_tokens": 130,
        "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 31},
        "total_tokens": 170,
    }
    extension = (reply.model_extra or {})["forethought"]
    assert (extension["trace_id"], extension["answer"]) == (TRACE, "42")
    assert strictly(reply.model_dump()) is not None
    assert (engine.open, engine.cancelled, engine.asked[0].live) == (0, 0, False)


async def test_a_stream_keeps_every_law_and_ends_with_what_a_plain_reply_is() -> None:
    engine = ScriptedEngine(*LIVE)
    events = await streamed(engine)
    async with served(ScriptedEngine(*LIVE)) as http:
        plain = strictly((await http.post(PATH, json=BODY)).json())
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    last = events[-1].response
    assert (last.output, last.usage) == (plain.output, plain.usage)
    assert last.output_text == "It is 42."
    assert engine.asked[0].live


async def test_the_openai_client_reads_a_stream_by_its_own_accumulator() -> None:
    async with (
        client(ScriptedEngine(*LIVE)) as openai_client,
        openai_client.responses.stream(model="forethought", input="17+25?") as stream,
    ):
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert final.output_text == "It is 42."


async def test_thinking_goes_out_as_it_happens() -> None:
    gate = Gate()
    async with client(ScriptedEngine(LIVE[0], gate, *LIVE[1:])) as openai_client:
        stream = await openai_client.responses.create(
            model="forethought", input="17+25?", stream=True
        )
        first = [await anext(stream) for _ in range(5)]
        gate.open()
        rest = [event async for event in stream]
    assert first[-1].type == "response.reasoning_summary_text.delta"
    assert first[-1].delta == "Pilot\n\n(1) It is"
    assert rest[-1].type == "response.completed"


async def test_effort_none_streams_the_one_call_as_text_without_any_reasoning() -> None:
    pieces = ("  ", "It ", "is ", "4", "2.", "\n")
    engine = ScriptedEngine(*(TextArrived(key="direct-0", text=p) for p in pieces))
    events = await streamed(engine, reasoning={"effort": "none"})
    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert deltas == ["It", " is", " 4", "2."]
    assert [item.type for item in events[-1].response.output] == ["message"]


async def test_a_cut_answer_is_incomplete_and_says_why() -> None:
    cut = answer("It i", whole=False)
    events = await streamed(ScriptedEngine(PILOT, answer=cut))
    async with client(ScriptedEngine(answer=cut)) as openai_client:
        plain = await openai_client.responses.create(model="forethought", input="17+25?")
    both: list[Any] = [events[-1].response, plain]
    for response in both:
        assert response.status == response.output[-1].status == "incomplete"
        assert response.incomplete_details.reason == "max_output_tokens"
        assert response.output_text == "It i"
    assert events[-1].type == "response.incomplete"


async def test_function_calls_are_items_of_their_own_and_are_streamed() -> None:
    called = replace(answer(""), tool_calls=CALLS)
    events = await streamed(ScriptedEngine(PILOT, answer=called), tools=[WEATHER])
    output = events[-1].response.output
    assert [item.type for item in output] == ["reasoning", "function_call", "function_call"]
    assert [(i.call_id, i.name, i.arguments) for i in output[1:]] == [
        ("a", "weather", '{"city":"Bern"}'),
        ("b", "weather", '{"city":"Basel"}'),
    ]
    assert [item.id for item in output[1:]] == [f"fc_{TRACE}", f"fc_{TRACE}_1"]
    assert events[-1].response.tools[0].name == "weather"


async def test_words_beside_a_function_call_come_before_it() -> None:
    called = replace(answer("I look."), tool_calls=CALLS[:1])
    async with client(ScriptedEngine(answer=called)) as openai_client:
        reply = await openai_client.responses.create(
            model="forethought", input="How is Bern?", tools=[WEATHER]
        )
    assert [item.type for item in reply.output] == ["message", "function_call"]
    assert reply.output_text == "I look."


async def test_everything_a_caller_can_ask_reaches_the_engine() -> None:
    engine = ScriptedEngine()
    items: Any = [
        {"role": "developer", "content": "In French."},
        {"role": "user", "content": [{"type": "input_text", "text": "How is "}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "weather",
            "arguments": "{}",
        },
        {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_2", "output": "rain"},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": "sun"}],
        },
    ]
    async with client(engine) as openai_client:
        await openai_client.responses.create(
            model="forethought",
            instructions="Be brief.",
            input=items,
            reasoning={"effort": "high", "summary": "concise"},
            max_output_tokens=300,
            temperature=0.5,
            top_p=0.9,
            text={"format": {"type": "text"}},
            tools=[WEATHER],
            tool_choice={"type": "function", "name": "weather"},
            parallel_tool_calls=False,
            include=["reasoning.encrypted_content"],
            prompt_cache_key="k",
            user="someone",
            truncation="disabled",
            extra_body={
                "forethought": {
                    "max_generations": 12,
                    "max_thinking_tokens": 5000,
                    "deadline_s": 2,
                    "task_kind": "math",
                    "needs": {"confidence": 0.9},
                }
            },
        )
    ask = engine.asked[0]
    assert ask.messages == (
        Message("system", "Be brief."),
        Message("system", "In French."),
        Message("user", "How is "),
        Message(
            "assistant",
            "I look.",
            tool_calls=(
                ToolCall(id="call_1", name="weather", arguments="{}"),
                ToolCall(id="call_2", name="weather", arguments="{}"),
            ),
        ),
        Message("tool", "rain", tool_call_id="call_2"),
        Message("tool", "sun", tool_call_id="call_1"),
    )
    assert ask.budget == Budget(generations=12, tokens=5000, deadline_s=2.0)
    assert ask.needs == Needs(confidence=0.9)
    assert (ask.effort, ask.kind, ask.face) == ("high", "math", "responses_instructed")
    assert (ask.temperature, ask.top_p, ask.max_tokens) == (0.5, 0.9, 300)
    assert [tool.name for tool in ask.tools] == ["weather"]
    assert (ask.tool_choice, ask.parallel_tool_calls) == ("weather", False)


async def test_a_run_that_fails_in_the_middle_of_a_stream_ends_as_failed() -> None:
    events = await streamed(ScriptedEngine(LIVE[0], BackendError("it died")))
    failed = events[-1].response
    assert (events[-1].type, failed.status) == ("response.failed", "failed")
    assert (failed.error.code, failed.error.message) == ("server_error", "it died")
    assert failed.error.type == "upstream_unavailable"
    assert [item.status for item in failed.output] == ["incomplete"]


async def test_a_direct_answer_that_was_given_up_midway_is_a_failed_response() -> None:
    engine = ScriptedEngine(TextArrived(key="direct-0", text="Well, 41"))
    events = await streamed(engine, reasoning={"effort": "none"})
    assert events[-1].type == "response.failed"
    assert events[-1].response.output[0].content[0].text == "Well, 41"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PromptTooLong("5550 tokens"), 400, "context_length_exceeded"),
        (BackendError("down"), 502, "upstream_unavailable"),
        (KeyError("secret"), 500, "internal_error"),
    ],
)
async def test_a_run_that_fails_before_it_said_anything_has_its_status(
    error: Exception, status: int, code: str, stream: bool
) -> None:
    engine = ScriptedEngine(error)
    async with served(engine) as http:
        reply = await http.post(PATH, json=BODY | {"stream": stream})
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert "secret" not in reply.text
    assert reply.headers[HEADER] == TRACE
    assert reply.headers["x-should-retry"] == "false"
    assert engine.open == 0


async def test_a_run_that_cannot_be_opened_is_an_error_without_a_trace() -> None:
    engine = ScriptedEngine()
    engine.refuses = StoreError("the disk is full")
    async with served(engine) as http:
        reply = await http.post(PATH, json=BODY)
    assert (reply.status_code, HEADER in reply.headers) == (503, False)


async def test_comments_keep_a_silent_stream_alive() -> None:
    gate = Gate()
    async with (
        served(ScriptedEngine(gate, *LIVE), terms=HttpTerms(keep_alive_s=0.01)) as http,
        http.stream("POST", PATH, json=BODY | {"stream": True}) as reply,
    ):
        lines = reply.aiter_lines()
        got = [await anext(lines) for _ in range(10)]
        gate.open()
        rest = [line async for line in lines]
    assert got[6] == ": keep-alive"
    assert read_events("\n".join([*got, *rest, ""]))[-1].type == "response.completed"


async def test_a_client_that_leaves_a_stream_cancels_the_run() -> None:
    engine = ScriptedEngine(LIVE[0], Gate())
    async with client(engine) as openai_client:
        stream = await openai_client.responses.create(
            model="forethought", input="17+25?", stream=True
        )
        await anext(stream)
        await stream.close()
        await engine.closed.reached()
    assert (engine.open, engine.cancelled) == (0, 1)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_before_the_reply_cancels_the_run(stream: bool) -> None:
    gate = Gate()
    engine = ScriptedEngine(gate)
    async with served(engine) as http:
        asking = asyncio.create_task(http.post(PATH, json=BODY | {"stream": stream}))
        await gate.reached()
        asking.cancel()
        await engine.closed.reached()
    assert (engine.open, engine.cancelled) == (0, 1)
