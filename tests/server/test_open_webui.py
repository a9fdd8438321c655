"""The requests of Open WebUI 0.12.4, played: what its source sends, and what it makes of the replies."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chat_service import ChatService, chat_service
from fake_model import Say
from faults import Gate, Hold

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer none"}
SUM = {"role": "user", "content": "What is 17 + 25?"}
TITLE = "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
OSLO = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


def say(prompt: str, k: int) -> str:
    if "concise, 3-5 word title" in prompt:
        return '{"title": "Sums"}'
    if "weather" in prompt:
        return "It is sunny." if "sunny, 20" in prompt else OSLO
    return f"17 + 25 = {41 + k % 2}.\n\nThe final answer is: \\boxed{{{41 + k % 2}}}"


@asynccontextmanager
async def opened(tmp_path: Path, say: Say) -> AsyncIterator[tuple[ChatService, httpx2.AsyncClient]]:
    async with (
        chat_service(tmp_path, say) as it,
        httpx2.AsyncClient(base_url=str(it.client.base_url), timeout=60) as http,
    ):
        yield it, http


def shown(stream: str) -> dict[str, Any]:
    """Return what it shows of a stream: its parts in their order, calls, and the usage."""
    parts: list[list[str]] = []
    calls: list[dict[str, Any]] = []
    usage: dict[str, Any] | None = None
    for line in stream.splitlines():
        if not line.startswith("data:") or line == "data: [DONE]":
            continue
        chunk = json.loads(line.removeprefix("data: "))
        assert "error" not in chunk
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            delta = choice["delta"]
            thought = (
                delta.get("reasoning_content") or delta.get("reasoning") or delta.get("thinking")
            )
            for kind, text in (("reasoning", thought), ("message", delta.get("content"))):
                if text and (not parts or parts[-1][0] != kind):
                    parts.append([kind, ""])
                if text:
                    parts[-1][1] += text
            for piece in delta.get("tool_calls", ()):
                if piece["index"] == len(calls):
                    calls.append({"id": piece["id"], "name": "", "arguments": ""})
                for field, text in piece["function"].items():
                    calls[piece["index"]][field] += text
    return {"parts": parts, "calls": calls, "usage": usage}


async def test_it_lists_the_models_and_streams_a_chat_with_the_thinking_above_the_answer(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, say) as (_, http):
        listed = (await http.get("models", headers=HEADERS)).json()["data"]
        body: Json = {
            "stream": True,
            "model": "forethought-low",
            "messages": [{"role": "system", "content": "Be brief."}, SUM],
            "stream_options": {"include_usage": True},
        }
        reply = await http.post("chat/completions", headers=HEADERS, json=body)
        first = shown(reply.text)
        answer = first["parts"][1][1]
        turns = [*body["messages"], {"role": "assistant", "content": answer}, SUM]
        again = await http.post(
            "chat/completions",
            headers=HEADERS,
            json=body | {"messages": turns, "frequency_penalty": 0, "max_tokens": 400},
        )
    assert {"forethought-low", "forethought-none"} < {model["id"] for model in listed}
    assert all(model["object"] == "model" for model in listed)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert [kind for kind, _ in first["parts"]] == ["reasoning", "message"]
    assert first["parts"][0][1].startswith("Pilot")
    assert "The final answer is" in answer
    assert first["usage"]["total_tokens"] > 0
    assert [kind for kind, _ in shown(again.text)["parts"]] == ["reasoning", "message"]


async def test_a_title_is_one_request_to_the_model_where_the_task_model_has_no_effort(
    tmp_path: Path,
) -> None:
    body: Json = {
        "model": "forethought-none",
        "messages": [{"role": "user", "content": TITLE}],
        "stream": False,
    }
    async with opened(tmp_path, say) as (it, http):
        reply = (await http.post("chat/completions", headers=HEADERS, json=body)).json()
    assert json.loads(reply["choices"][0]["message"]["content"]) == {"title": "Sums"}
    assert "reasoning_content" not in reply["choices"][0]["message"]
    trace = await it.newest_trace()
    assert [call.request["n"] for call in trace.calls] == [1]


async def test_native_tools_are_called_and_their_results_answered(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "How is the weather in Oslo?"}
    body: Json = {
        "stream": True,
        "model": "forethought-low",
        "messages": [asked],
        "tools": [WEATHER],
        "stream_options": {"include_usage": True},
    }
    async with opened(tmp_path, say) as (_, http):
        reply = await http.post("chat/completions", headers=HEADERS, json=body)
        (call,) = shown(reply.text)["calls"]
        function = {"name": call["name"], "arguments": call["arguments"]}
        made = {"id": call["id"], "type": "function", "index": 0, "function": function}
        turns = [
            asked,
            {"role": "assistant", "content": "", "tool_calls": [made]},
            {"role": "tool", "tool_call_id": call["id"], "content": "sunny, 20"},
        ]
        last = await http.post("chat/completions", headers=HEADERS, json=body | {"messages": turns})
    assert json.loads(call["arguments"]) == {"city": "Oslo"}
    assert shown(last.text)["parts"][-1] == ["message", "It is sunny."]


async def test_its_connections_of_the_responses_kind_work_too(tmp_path: Path) -> None:
    def message(role: str, kind: str, text: str) -> dict[str, Any]:
        return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}

    body: Json = {
        "stream": True,
        "model": "forethought-low",
        "instructions": "Be brief.",
        "input": [
            message("user", "input_text", "What is 17 + 25?"),
            message("assistant", "output_text", "42"),
            message("user", "input_text", "What is 17 + 25?"),
        ],
        "tools": [{"type": "function", **WEATHER["function"], "strict": False}],
    }
    async with opened(tmp_path, lambda prompt, k: "It is 42.") as (_, http):
        reply = await http.post("responses", headers=HEADERS, json=body)
    kinds = [
        line.removeprefix("event: ") for line in reply.text.splitlines() if line.startswith("event")
    ]
    assert kinds[-1] == "response.completed"
    assert "response.reasoning_summary_text.delta" in kinds
    assert "response.output_text.delta" in kinds


async def test_its_stop_button_ends_the_run(tmp_path: Path) -> None:
    gate = Gate()
    body: Json = {"stream": True, "model": "forethought-high", "messages": [SUM]}
    async with chat_service(tmp_path, say) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        async with httpx2.AsyncClient(base_url=str(it.client.base_url), timeout=60) as http:
            asking = asyncio.create_task(http.post("chat/completions", headers=HEADERS, json=body))
            await gate.reached()
            asking.cancel()
            await it.generator.idle()
            assert it.generator.open == 0
    assert (await it.newest_trace()).trace.status == "cancelled"


async def test_continuing_an_answer_is_refused_with_the_reason(tmp_path: Path) -> None:
    body: Json = {
        "stream": True,
        "model": "forethought",
        "messages": [SUM, {"role": "assistant", "content": "It is"}],
    }
    async with opened(tmp_path, say) as (_, http):
        reply = await http.post("chat/completions", headers=HEADERS, json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "the last message must be the user's or a tool's"
