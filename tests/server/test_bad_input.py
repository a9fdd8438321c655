import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.chat.ask import to_ask
from forethought.server.chat.body import read_body
from forethought.server.errors import Refusal
from forethought.server.http_terms import HttpTerms

pytestmark = pytest.mark.anyio
USER = {"role": "user", "content": "17+25?"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
AUDIO = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
TOOL = {"type": "function", "function": {"name": "f"}}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
PATH = "/v1/chat/completions"


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def choice(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def schema(value: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": value}}


def asks(arguments: str) -> dict[str, Any]:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return {"role": "assistant", "tool_calls": [call]}


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(
        create_app(ScriptedEngine(), terms=HttpTerms(max_body_bytes=2000))
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def said(*turns: Any) -> dict[str, Any]:
    return {"messages": list(turns)}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        (said(), "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        (said({"content": "x"}), "messages[0].role"),
        (said({"role": "king", "content": "x"}), "messages[0].role"),
        (said({"role": "user"}), "messages[0].content"),
        (said({"role": "user", "content": None}), "messages[0].content"),
        (said({"role": "user", "content": ""}), "messages[0].content"),
        (said({"role": "user", "content": " \n"}), "messages[0].content"),
        (said({"role": "user", "content": []}), "messages[0].content"),
        (said({"role": "user", "content": 17}), "messages[0].content"),
        (said({"role": "user", "content": ["x"]}), "messages[0].content[0]"),
        (said({"role": "user", "content": [{"type": "text"}]}), "messages[0].content[0].text"),
        (said(USER, {"role": "assistant", "content": "42"}), "messages[1].role"),
        (said({"role": "system", "content": "x"}), "messages[0].role"),
        (said({"role": "user", "content": [IMAGE]}), "messages[0].content[0].type"),
        (
            said({"role": "user", "content": [{"type": "text", "text": "x"}, AUDIO]}),
            "messages[0].content[1].type",
        ),
        (
            said({"role": "tool", "content": "x", "tool_call_id": "1"}, USER),
            "messages[0].tool_call_id",
        ),
        (said(USER, {"role": "tool", "content": "x"}), "messages[1].tool_call_id"),
        (said(USER, ASKS, {"role": "tool", "tool_call_id": "1"}), "messages[2].content"),
        (said({"role": "user", "content": "x", "tool_calls": [CALL]}), "messages[0].tool_calls"),
        (
            said(USER, asks("[1]")),
            "messages[1].tool_calls[0].function.arguments",
        ),
        (
            said(USER, asks("{")),
            "messages[1].tool_calls[0].function.arguments",
        ),
        (said(USER, ASKS), "messages[1].role"),
        (said({"role": "function", "content": "x", "name": "f"}, USER), "messages[0].role"),
        (
            said({"role": "assistant", "tool_calls": [TOOL]}, USER),
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [tool("a b")]}, "tools[0].function.name"),
        ({"tools": [tool("none")]}, "tools[0].function.name"),
        ({"tools": [TOOL, TOOL]}, "tools[1].function.name"),
        ({"tools": [tool("f", {"type": "nonsense"})]}, "tools[0].function.parameters"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": "maybe"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": choice("g")}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "response_format.json_schema.schema",
        ),
        ({"response_format": schema({"type": "nonsense"})}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_object"}, "stop": "x"}, "stop"),
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"n": 1.5}, "n"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop[1]"),
        ({"stop": ["a"] * 17}, "stop"),
        ({"stop": 1}, "stop"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"presence_penalty": -1}, "presence_penalty"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "a"}}, "audio"),
        ({"reasoning_effort": "huge"}, "reasoning_effort"),
        ({"reasoning_effort": 3}, "reasoning_effort"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"seed": "x"}, "seed"),
        ({"stream": "yes"}, "stream"),
        ({"forethought": 1}, "forethought"),
        ({"forethought": {"max_generations": -1}}, "forethought.max_generations"),
        ({"forethought": {"max_generations": 1025}}, "forethought.max_generations"),
        ({"forethought": {"max_thinking_tokens": 0}}, "forethought.max_thinking_tokens"),
        ({"forethought": {"deadline_s": 0}}, "forethought.deadline_s"),
        ({"forethought": {"deadline_s": -1}}, "forethought.deadline_s"),
        ({"forethought": {"task_kind": "poem"}}, "forethought.task_kind"),
        ({"forethought": {"strategy": "majority"}}, "forethought.strategy"),
        ({"forethought": {"strategy": {"name": "magic"}}}, "forethought.strategy"),
        ({"forethought": {"strategy": {"n": 4}}}, "forethought.strategy"),
        ({"forethought": {"strategy": {"name": "majority"}}}, "forethought.strategy"),
        ({"forethought": {"strategy": {"name": "majority", "n": "4"}}}, "forethought.strategy"),
        ({"forethought": {"strategy": {"name": "majority", "n": []}}}, "forethought.strategy.n"),
        (
            {
                "forethought": {"strategy": {"name": "majority", "n": 4}},
                "reasoning_effort": "none",
            },
            "forethought.strategy",
        ),
        ({"forethought": {"policy": ""}}, "forethought.policy"),
        ({"forethought": {"max_generation": 1}}, "forethought.max_generation"),
        ({"forethought": {"needs": 1}}, "forethought.needs"),
        ({"forethought": {"needs": {}}}, "forethought.needs"),
        ({"forethought": {"needs": {"confidence": None}}}, "forethought.needs"),
        ({"forethought": {"needs": {"confidence": 0}}}, "forethought.needs.confidence"),
        ({"forethought": {"needs": {"confidence": 1}}}, "forethought.needs.confidence"),
        ({"forethought": {"needs": {"confidence": "high"}}}, "forethought.needs.confidence"),
        ({"forethought": {"needs": {"seconds": 0}}}, "forethought.needs.seconds"),
        ({"forethought": {"needs": {"tokens": 0}}}, "forethought.needs.tokens"),
        ({"forethought": {"needs": {"tokens": 1.5}}}, "forethought.needs.tokens"),
        ({"forethought": {"needs": {"money": 1}}}, "forethought.needs.money"),
        ({"model": None}, "model"),
    ],
)
async def test_bad_input_is_refused_with_the_place_of_the_fault(
    http: httpx2.AsyncClient, change: dict[str, Any], param: str
) -> None:
    reply = await http.post(PATH, json={"model": "forethought", "messages": [USER]} | change)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["param"]) == (
        400,
        "invalid_request_error",
        param,
    )
    assert error["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1, "tools": [], "tool_choice": "auto", "functions": []},
        {"response_format": {"type": "text"}, "logprobs": False, "modalities": ["text"]},
        {"stop": None, "top_logprobs": None, "audio": None, "seed": None, "temperature": None},
        {
            "metadata": {"a": "b"},
            "store": False,
            "user": "x",
            "frequency_penalty": 0,
            "unheard_of": 1,
        },
        {"max_tokens": None, "top_p": 1, "temperature": 2, "stream_options": None},
    ],
)
async def test_what_clients_send_by_habit_is_let_through(
    http: httpx2.AsyncClient, change: dict[str, Any]
) -> None:
    reply = await http.post(PATH, json={"model": "forethought", "messages": [USER]} | change)
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"nonsense", b'{"model": "\xff"}', b"[1]", b'"x"', b"null", b"[" * 1500]
)
async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx2.AsyncClient, raw: bytes
) -> None:
    reply = await http.post(PATH, content=raw)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_json")


async def test_a_body_that_is_too_large_is_refused(http: httpx2.AsyncClient) -> None:
    reply = await http.post(PATH, content=b" " * 2001)
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")


def test_the_number_of_tools_is_bounded() -> None:
    body = {"model": "forethought", "messages": [USER], "tools": [TOOL] * 129}
    with pytest.raises(Refusal) as refused:
        read_body(json.dumps(body).encode())
    assert refused.value.param == "tools"


async def test_an_unknown_model_is_404(http: httpx2.AsyncClient) -> None:
    reply = await http.post(PATH, json={"model": "gpt-7", "messages": [USER]})
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "small-model" in error["message"]


async def test_a_missing_model_is_named(http: httpx2.AsyncClient) -> None:
    error = (await http.post(PATH, json={"messages": [USER]})).json()["error"]
    assert (error["param"], error["code"]) == ("model", "missing_required_parameter")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "messages",
    "model",
    "n",
    "tools",
    "tool_choice",
    "response_format",
    "seed",
    "forethought",
    "stop",
    "reasoning_effort",
]


@given(st.dictionaries(st.sampled_from(FIELDS), json_values), st.booleans())
def test_any_json_is_asked_or_refused(body: dict[str, Any], complete: bool) -> None:
    if complete:
        body = {"model": "forethought", "messages": [USER]} | body
    try:
        ask = to_ask(read_body(json.dumps(body).encode()), "medium")
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert ask.messages[-1].content.strip()
