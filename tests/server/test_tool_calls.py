"""Tools through the whole service, with the real openai client."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from chat_service import HEADER, ChatService, chat_service
from fake_model import Say
from tool_requests import DONE, TOOLS, ToolRequest, canonical, says, tool_requests

pytestmark = pytest.mark.anyio
REQUESTS = 200
OSLO = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
ROME = OSLO.replace("Oslo", "Rome")
ASKED = "What is the weather in Oslo?"


def samples(*texts: str) -> Say:
    """Say these in turn; the probe of the server hears only yes."""
    return lambda prompt, k: texts[k % len(texts)] if "weather" in prompt else "Yes."


def called(calls: Any) -> list[tuple[str, Any]]:
    return [(c.function.name, json.loads(c.function.arguments)) for c in calls or ()]


async def test_the_calls_of_most_samples_are_made_whatever_the_others_say(tmp_path: Path) -> None:
    async with chat_service(tmp_path, samples("Sunny.", OSLO, "<tool_call>{", OSLO)) as it:
        turns: Any = [{"role": "user", "content": ASKED}]
        tools: Any = TOOLS
        raw = await it.client.chat.completions.with_raw_response.create(
            model="forethought", messages=turns, tools=tools, reasoning_effort="low"
        )
        rendered = it.generator.sent("/tokenize")[-1]
        sampled = it.generator.sent("/v1/completions")[-1]
    reply = raw.parse()
    choice = reply.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert called(choice.message.tool_calls) == [("get_weather", {"city": "Oslo"})]
    assert choice.message.tool_calls and len(choice.message.tool_calls[0].id) == 9
    assert (choice.message.model_extra or {})["reasoning_content"].startswith("Pilot")
    assert raw.headers[HEADER] == (reply.model_extra or {})["forethought"]["trace_id"]
    assert rendered["tools"] == TOOLS
    assert rendered["messages"] == [{"role": "user", "content": ASKED}]
    assert sampled["skip_special_tokens"] is False
    assert "include_stop_str_in_output" not in sampled
    trace = await it.newest_trace()
    assert (trace.trace.kind, trace.trace.status) == ("tool_call", "finished")
    assert trace.trace.answer == '[{"name":"get_weather","arguments":{"city":"Oslo"}}]'


async def test_words_win_where_most_samples_call_nothing(tmp_path: Path) -> None:
    async with chat_service(tmp_path, samples("Hello!", OSLO, "Hi there.", "Hello.")) as it:
        reply = await it.ask(ASKED, tools=TOOLS)
    choice = reply.choices[0]
    assert (choice.message.content, choice.message.tool_calls) == ("Hello!", None)
    assert choice.finish_reason == "stop"


async def test_what_is_said_beside_the_calls_is_told_too(tmp_path: Path) -> None:
    async with chat_service(tmp_path, samples(f"Let me see. {OSLO}")) as it:
        (told,) = await it.stream(ASKED, tools=TOOLS)
    assert (told.content, told.finish_reason) == ("Let me see.", "tool_calls")
    assert [call["name"] for call in told.calls] == ["get_weather"]
    assert told.thinking.startswith("Pilot")


@pytest.mark.parametrize("effort", ["none", "low"])
async def test_parallel_calls_stream_in_standard_deltas(tmp_path: Path, effort: str) -> None:
    async with chat_service(tmp_path, samples(OSLO + ROME)) as it:
        (told,) = await it.stream(ASKED, effort, tools=TOOLS)
        plain = await it.ask(ASKED, effort, tools=TOOLS)
    assert (told.content, told.finish_reason) == ("", "tool_calls")
    assert [json.loads(call["arguments"])["city"] for call in told.calls] == ["Oslo", "Rome"]
    assert len({call["id"] for call in told.calls}) == 2
    assert bool(told.thinking) == (effort == "low")
    assert [args["city"] for _, args in called(plain.choices[0].message.tool_calls)] == [
        "Oslo",
        "Rome",
    ]


async def test_what_a_tool_gave_back_goes_to_the_model(tmp_path: Path) -> None:
    def say(prompt: str, k: int) -> str:
        return "It is sunny in Oslo." if "sunny, 20" in prompt else OSLO

    async with chat_service(tmp_path, say) as it:
        first = (await it.ask(ASKED, tools=TOOLS)).choices[0].message
        history: Any = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": ASKED},
            {**first.model_dump(exclude_none=True), "reasoning_content": "not read"},
            {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sunny, 20"},
        ]
        reply = await it.ask("", messages=history, tools=TOOLS)
        sent = it.generator.sent("/tokenize")[-1]["messages"]
    assert reply.choices[0].message.content == "It is sunny in Oslo."
    assert [turn["role"] for turn in sent] == ["system", "user", "assistant", "tool"]
    assert sent[2]["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo"}'
    assert sent[2]["tool_calls"][0]["id"] == sent[3]["tool_call_id"]
    assert "not read" not in json.dumps(sent)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("effort", ["none", "low"])
@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('<tool_call>{"name": "get_weather", "arguments": {"city', {}),
        ('<tool_call>{"name": "get_time", "arguments": {}}</tool_call>', {}),
        ('<tool_call>{"name": "get_weather", "arguments": {"city": 1}}</tool_call>', {}),
        ("It is sunny.", {"tool_choice": "required"}),
        (OSLO + ROME, {"parallel_tool_calls": False}),
        (OSLO, {"max_completion_tokens": 30}),
    ],
)
async def test_where_no_sample_is_a_valid_reply_there_is_an_error_and_no_text(
    tmp_path: Path, text: str, body: dict[str, Any], effort: str, stream: bool
) -> None:
    async with chat_service(tmp_path, samples(text)) as it:
        with pytest.raises(openai.APIError, match=r"no sample|every sample") as caught:
            if stream:
                await it.stream(ASKED, effort, tools=TOOLS, **body)
            else:
                await it.ask(ASKED, effort, tools=TOOLS, **body)
    assert caught.value.code == "no_candidate"
    assert (await it.newest_trace()).trace.status == "failed"


async def test_a_call_that_has_to_be_made_is_held_to_its_form(tmp_path: Path) -> None:
    bare = '[{"name": "get_weather", "arguments": {"city": "Oslo"}}]'
    named: Any = {"type": "function", "function": {"name": "get_weather"}}
    async with chat_service(tmp_path, samples(bare)) as it:
        reply = await it.ask(ASKED, tools=TOOLS, tool_choice=named)
        form = it.generator.sent("/v1/completions")[-1]["response_format"]
        shown = it.generator.sent("/tokenize")[-1]["tools"]
    assert called(reply.choices[0].message.tool_calls) == [("get_weather", {"city": "Oslo"})]
    schema = form["json_schema"]["schema"]
    assert (form["type"], schema["minItems"], schema["maxItems"]) == ("json_schema", 1, 1)
    assert schema["items"]["properties"]["name"] == {"const": "get_weather"}
    assert shown == [TOOLS[0]]


async def test_tools_that_may_not_be_called_are_not_told_of(tmp_path: Path) -> None:
    async with chat_service(tmp_path, lambda prompt, k: "Hi.") as it:
        reply = await it.ask("Say hi.", tools=TOOLS, tool_choice="none")
        sent = it.generator.sent("/tokenize")[-1]
    assert reply.choices[0].message.content == "Hi."
    assert "tools" not in sent


async def test_a_verifier_of_solutions_does_not_judge_calls(tmp_path: Path) -> None:
    def loves_rome(asked: str, steps: tuple[str, ...]) -> float:
        return 0.99 if "Rome" in steps[-1] else 0.01

    say = samples(OSLO, ROME, OSLO, OSLO)
    async with chat_service(tmp_path, say, loves_rome) as it:
        reply = await it.ask(ASKED, tools=TOOLS)
        assert it.verifier is not None
        scored = len(it.verifier.sent("/pooling"))
    assert called(reply.choices[0].message.tool_calls) == [("get_weather", {"city": "Oslo"})]
    assert scored == 1  # the probe's


async def ask_one(it: ChatService, request: ToolRequest, **body: Any) -> list[dict[str, str]]:
    """Return what was called, and check that every call is whole; half of the requests stream."""
    if request.number % 2:
        (told,) = await it.stream(request.text, tools=TOOLS, **body)
        made, said, finish_reason = told.calls, told.content, told.finish_reason
    else:
        choice = (await it.ask(request.text, tools=TOOLS, **body)).choices[0]
        finish_reason, said = choice.finish_reason, choice.message.content
        calls = choice.message.tool_calls or ()
        made = [{"id": c.id, **c.function.model_dump(include={"name", "arguments"})} for c in calls]
    if body:
        assert (said, finish_reason, made) == (DONE, "stop", [])
        return made
    assert finish_reason == "tool_calls"
    ids = [call["id"] for call in made]
    assert all(ids) and len(set(ids)) == len(ids)
    return made


async def talk(it: ChatService, request: ToolRequest) -> list[str]:
    """Return what was called; every third request goes on with the results, and is answered."""
    made = await ask_one(it, request)
    if request.number % 3 == 0:
        calls = [
            {
                "id": c["id"],
                "type": "function",
                "function": {n: c[n] for n in ("name", "arguments")},
            }
            for c in made
        ]
        told = [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call, result in zip(made, request.results, strict=True)
        ]
        turns = [
            {"role": "user", "content": request.text},
            {"role": "assistant", "content": None, "tool_calls": calls},
            *reversed(told),
        ]
        await ask_one(it, request, messages=turns)
    return canonical([(call["name"], json.loads(call["arguments"])) for call in made])


async def test_of_two_hundred_requests_no_call_is_lost_or_malformed(tmp_path: Path) -> None:
    requests = tool_requests(REQUESTS)
    async with chat_service(tmp_path, says(requests)) as it:
        made: list[list[str]] = []
        for start in range(0, REQUESTS, 10):
            batch = requests[start : start + 10]
            made += await asyncio.gather(*(talk(it, request) for request in batch))
    wrong = [r for r, calls in zip(requests, made, strict=True) if calls != r.wanted]
    assert not wrong
    several = [request for request in requests if len(request.calls) > 1]
    assert len(several) > REQUESTS / 4
    assert sum(request.number % 2 for request in several) > REQUESTS / 10, "streamed ones"
    assert sum(request.number % 3 == 0 for request in several) > REQUESTS / 10, "that go on"
