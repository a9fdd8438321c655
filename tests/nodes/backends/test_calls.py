"""Tools and schemas on the wire of both endpoints."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from fakes import ScriptedGenerator, ask
from forethought.nodes.backends.base import Abilities, Prompt
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.equipped import EquippedGenerator
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.errors import BackendRejected, PromptTooLong
from forethought.nodes.tool_calls.demanded import demanded_schema
from forethought.nodes.tool_calls.read import read_reply
from forethought.nodes.values import Message, Question, Sampling, ToolCall, ToolSpec
from loopback import Loopback

pytestmark = pytest.mark.anyio
CITY = '{"type":"object","properties":{"city":{"type":"string"}}}'
WEATHER, NOW = ToolSpec(name="weather", description="It.", parameters=CITY), ToolSpec(name="now")
CALL = ToolCall(id="c1", name="weather", arguments='{"city":"Oslo"}')
TURNS = (
    Message("user", "Weather?"),
    Message("assistant", "", tool_calls=(CALL,)),
    Message("tool", "sunny", tool_call_id="c1"),
)
MODEL = Abilities(model="small")
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


class ChatServer:
    """Replies to every chat request with these choices, whole or as chunks."""

    def __init__(self, *choices: dict[str, Any]) -> None:
        self._choices = choices
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.loads(await Request(scope, receive).body())
        await self._reply(body)(scope, receive, send)

    def _reply(self, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        base = {"id": "1", "created": 0, "model": "small"}
        if not body.get("stream"):
            whole = base | {"object": "chat.completion", "choices": self._choices, "usage": USAGE}
            return JSONResponse(whole)
        base["object"] = "chat.completion.chunk"
        chunks = [base | {"choices": [choice]} for choice in self._choices]
        chunks.append(base | {"choices": [], "usage": USAGE})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        return Response(f"{text}data: [DONE]\n\n", media_type="text/event-stream")


@asynccontextmanager
async def chatting(server: ChatServer) -> AsyncIterator[VllmGenerator]:
    with Loopback(server) as loopback:
        async with new_client(f"{loopback.url}/v1") as client:
            yield VllmGenerator(client, MODEL, retry_pauses_s=(0.0, 0.0))


def wire_call(index: int | None, name: str | None, arguments: str) -> dict[str, Any]:
    call: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    call |= {} if name is None else {"id": "x", "type": "function"}
    return call if index is None else call | {"index": index}


def read(text: str) -> list[tuple[str, str]]:
    return [(c.name, c.arguments) for c in read_reply(text, {}).calls]


async def test_calls_that_a_chat_server_read_are_in_the_text_again() -> None:
    calls = [wire_call(None, "weather", '{"city": "Oslo"}'), wire_call(None, "now", "")]
    message = {"role": "assistant", "content": "Wait.", "tool_calls": calls}
    server = ChatServer({"index": 0, "message": message, "finish_reason": "tool_calls"})
    async with chatting(server) as generator:
        prompt = Prompt(messages=TURNS, tools=(WEATHER, NOW), tool_choice="weather", schema="{}")
        sampled = await generator.complete([prompt], n=1, sampling=Sampling())
    (body,) = server.bodies
    completion = sampled.batches[0][0]
    assert completion.end == "eos"
    assert completion.text.startswith("Wait.\n")
    assert read(completion.text) == [("weather", '{"city":"Oslo"}'), ("now", "{}")]
    assert body["messages"] == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                }
            ],
        },
        {"role": "tool", "content": "sunny", "tool_call_id": "c1"},
    ]
    assert [tool["function"]["name"] for tool in body["tools"]] == ["weather", "now"]
    assert body["tools"][0]["function"]["parameters"] == json.loads(CITY)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert "response_format" not in body


async def test_calls_that_are_streamed_in_pieces_are_put_together() -> None:
    def delta(*calls: dict[str, Any], end: str | None = None) -> dict[str, Any]:
        return {"index": 0, "delta": {"tool_calls": list(calls)}, "finish_reason": end}

    server = ChatServer(
        delta(wire_call(0, "weather", "")),
        delta(wire_call(0, None, '{"city":')),
        delta(wire_call(0, None, ' "Oslo"}'), wire_call(1, "now", "{}")),
        delta(end="tool_calls"),
    )
    heard: list[str] = []
    async with chatting(server) as generator:
        sampled = await generator.complete(
            [Prompt(messages=TURNS, tools=(WEATHER,))],
            n=1,
            sampling=Sampling(),
            on_text=lambda i, j, text: heard.append(text),
        )
    assert read(sampled.batches[0][0].text) == [("weather", '{"city":"Oslo"}'), ("now", "{}")]
    assert (server.bodies[0]["tool_choice"], heard) == ("auto", [])


async def test_a_schema_is_the_format_of_a_chat_request() -> None:
    message = {"role": "assistant", "content": "{}"}
    server = ChatServer({"index": 0, "message": message, "finish_reason": "stop"})
    async with chatting(server) as generator:
        for schema in (CITY, '{"type":"object"}'):
            prompt = Prompt(messages=TURNS[:1], schema=schema)
            await generator.complete([prompt], n=1, sampling=Sampling())
    formats = [body["response_format"] for body in server.bodies]
    assert formats[0]["json_schema"]["schema"] == json.loads(CITY)
    assert formats[1] == {"type": "json_object"}


def question(choice: str = "auto", **changes: Any) -> Question:
    asked: dict[str, Any] = {"messages": TURNS[:1], "kind": "tool_call", "tool_choice": choice}
    return Question(**(asked | changes))


async def test_every_prompt_brings_what_the_question_brings() -> None:
    inner = ScriptedGenerator(["a", "b"])
    equipped = EquippedGenerator(inner, question(tools=(WEATHER, NOW)))
    prompts = [Prompt(messages=TURNS), Prompt(messages=ask().messages)]
    await equipped.complete(prompts, n=1, sampling=Sampling())
    assert [prompt.messages for prompt in inner.asked[0].prompts] == [TURNS, ask().messages]
    assert {prompt.tools for prompt in inner.asked[0].prompts} == {(WEATHER, NOW)}
    assert {prompt.schema for prompt in inner.asked[0].prompts} == {None}
    assert inner.abilities.continuation and not equipped.abilities.continuation


async def test_a_refused_schema_is_dropped_for_the_rest_of_the_run_with_a_fault() -> None:
    inner = ScriptedGenerator(BackendRejected("no grammar"), ["a"], ["b"])
    equipped = EquippedGenerator(inner, question(kind="json", schema=CITY))
    first = await equipped.complete([Prompt(messages=TURNS)], n=1, sampling=Sampling())
    again = await equipped.complete([Prompt(messages=TURNS)], n=1, sampling=Sampling())
    assert [asked.prompts[0].schema for asked in inner.asked] == [CITY, None, None]
    assert (
        first.fault == "replies are only checked against their schema, not held to it: no grammar"
    )
    assert again.fault is None


@pytest.mark.parametrize("error", [PromptTooLong("5000 tokens"), BackendRejected("bad key")])
async def test_other_refusals_are_the_callers_to_know(error: BackendRejected) -> None:
    schema = CITY if isinstance(error, PromptTooLong) else None
    inner = ScriptedGenerator(error)
    equipped = EquippedGenerator(inner, question(kind="json", schema=schema))
    with pytest.raises(type(error)):
        await equipped.complete([Prompt(messages=TURNS)], n=1, sampling=Sampling())
    assert len(inner.asked) == 1


def test_a_call_that_has_to_be_made_has_a_schema_unless_references_would_lead_elsewhere() -> None:
    reference = ToolSpec(name="r", parameters='{"$ref":"#/$defs/a","$defs":{"a":{}}}')
    assert demanded_schema(question(tools=(WEATHER,))) is None
    assert demanded_schema(question("required", tools=(WEATHER, reference))) is None
    several = json.loads(demanded_schema(question("required", tools=(WEATHER, NOW))) or "")
    one = json.loads(demanded_schema(question("now", tools=(WEATHER, NOW))) or "")
    assert [o["properties"]["name"]["const"] for o in several["items"]["anyOf"]] == [
        "weather",
        "now",
    ]
    assert several["maxItems"] > 1
    assert (one["items"]["properties"]["name"], one["maxItems"]) == ({"const": "now"}, 1)
