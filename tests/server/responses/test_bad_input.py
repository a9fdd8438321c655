from typing import Any

import httpx2
import pytest

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.http_terms import HttpTerms

pytestmark = pytest.mark.anyio
PATH = "/v1/responses"
BODY = {"model": "forethought", "input": "17+25?"}
USER = {"role": "user", "content": "17+25?"}
TOOL = {"type": "function", "name": "weather"}
CALL = {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"}


def image(where: str) -> dict[str, Any]:
    return {"role": where, "content": [{"type": "input_image", "image_url": "http://x"}]}


def wants(**format: Any) -> dict[str, Any]:
    return {"text": {"format": format}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"input": ""}, "input"),
    ({"input": []}, "input"),
    ({"input": 7}, "input"),
    ({"input": ["hi"]}, "input[0]"),
    ({"input": [{"role": "user"}]}, "input[0].content"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0].text",
    ),
    ({"input": [{"role": "robot", "content": "hi"}]}, "input[0].role"),
    ({"input": [{"role": "assistant", "content": "hi"}]}, "input"),
    ({"input": [CALL]}, "input"),
    ({"input": [CALL | {"arguments": {}}]}, "input[0].arguments"),
    ({"input": [USER, {"type": "function_call_output", "call_id": "d", "output": "x"}]}, "input"),
    ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
    ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
    ({"reasoning": {"summary": "long"}}, "reasoning.summary"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"temperature": 3}, "temperature"),
    ({"top_p": 0}, "top_p"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"metadata": {"a": "x" * 600}}, "metadata.a"),
    ({"forethought": {"max_generations": -1}}, "forethought.max_generations"),
    ({"forethought": {"no_such": 1}}, "forethought.no_such"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ({"tools": [TOOL, TOOL]}, "tools[1].name"),
    ({"tools": [TOOL], "tool_choice": "sometimes"}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
    ({"tool_choice": "required"}, "tool_choice"),
    (wants(type="json_schema", name="a"), "text.format.schema"),
]
UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"background": True}, "background"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"context_management": [{"type": "compaction"}]}, "context_management"),
    ({"include": ["message.output_text.logprobs"]}, "include"),
    ({"moderation": {"model": "m"}}, "moderation"),
    ({"prompt": {"id": "p"}}, "prompt"),
    ({"service_tier": "flex"}, "service_tier"),
    ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"truncation": "auto"}, "truncation"),
    ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
    ({"reasoning": {"context": "all_turns"}}, "reasoning.context"),
    ({"text": {"verbosity": "low"}}, "text.verbosity"),
    (wants(type="grammar"), "text.format.type"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
    ({"input": [image("user")]}, "input[0].content[0].type"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].type"),
    ({"input": [{"type": "computer_call_output", "output": {"a": 1}}]}, "input[0].type"),
]
HARMLESS: list[dict[str, Any]] = [
    {"background": False, "conversation": None, "service_tier": "auto", "truncation": "disabled"},
    {"include": ["reasoning.encrypted_content"], "stream_options": {"include_obfuscation": False}},
    {"reasoning": None, "text": None, "tools": None, "tool_choice": None, "metadata": None},
    {"reasoning": {"mode": "standard", "context": "auto", "generate_summary": "auto"}},
    {"tools": [], "tool_choice": "auto", "top_logprobs": 0, "text": {"verbosity": "medium"}},
    {"prompt_cache_key": "k", "safety_identifier": "s", "user": "u", "no_such_field": 1},
]


async def post(body: dict[str, Any] | bytes, engine: ScriptedEngine) -> httpx2.Response:
    transport = httpx2.ASGITransport(create_app(engine, terms=HttpTerms(max_body_bytes=4000)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        if isinstance(body, bytes):
            return await http.post(PATH, content=body)
        return await http.post(PATH, json=body)


@pytest.mark.parametrize(("change", "param"), WRONG)
async def test_a_wrong_field_is_named(change: dict[str, Any], param: str) -> None:
    engine = ScriptedEngine()
    reply = await post(BODY | change, engine)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, param)
    assert (error["type"], engine.asked) == ("invalid_request_error", [])


@pytest.mark.parametrize(("change", "param"), UNSUPPORTED)
async def test_what_is_not_supported_is_refused_and_never_ignored(
    change: dict[str, Any], param: str
) -> None:
    engine = ScriptedEngine()
    reply = await post(BODY | change, engine)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"], error["code"]) == (400, param, "unsupported")
    assert "not supported" in error["message"] and engine.asked == []


@pytest.mark.parametrize("change", HARMLESS)
async def test_what_asks_for_nothing_is_accepted(change: dict[str, Any]) -> None:
    assert (await post(BODY | change, ScriptedEngine())).status_code == 200


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"[]", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"model": "' + b"x" * 5000 + b'"}', 413, "body_too_large"),
        (b'{"model": "other", "input": "hi"}', 404, "model_not_found"),
        (b'{"input": "hi"}', 400, "missing_required_parameter"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(raw: bytes, status: int, code: str) -> None:
    reply = await post(raw, ScriptedEngine())
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


async def test_without_a_store_there_is_no_response_to_continue() -> None:
    engine = ScriptedEngine()
    reply = await post(BODY | {"previous_response_id": "resp_1"}, engine)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (400, "previous_response_not_found")
    assert (error["param"], engine.asked) == ("previous_response_id", [])
