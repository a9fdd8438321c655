"""The terms of a chat request through the whole service: JSON, `n`, `stop`, strategies, model names."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from chat_service import HEADER, ChatService, chat_service
from fake_model import Say
from faults import Refuse
from tool_requests import TOOLS

pytestmark = pytest.mark.anyio
COMPLETIONS = "/v1/completions"
SCHEMA = {
    "type": "object",
    "properties": {"why": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["why", "age"],
}
FORM = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}
ASKED = "How old is Ann?"
ANN, SAME, BEN = (
    '{"why": "told", "age": 7}',
    '{"age": 7.0, "why": "told"}',
    '{"why": "told", "age": 8}',
)


def in_turn(*texts: str) -> Say:
    """Say these in turn; the probe of the server hears only yes."""
    return lambda prompt, k: "Yes." if "Say yes." in prompt else texts[k % len(texts)]


def solution(value: object) -> str:
    return f"## Step 1: it is {value}.\n\nThe final answer is: \\boxed{{{value}}}"


async def contents(it: ChatService, text: str, effort: str, **body: Any) -> list[str]:
    """Return what the choices of a plain reply say."""
    return [choice.message.content for choice in (await it.ask(text, effort, **body)).choices]


async def test_json_is_voted_by_structure_and_held_to_its_schema(tmp_path: Path) -> None:
    async with chat_service(tmp_path, in_turn(BEN, ANN, "Ann is 7.", SAME)) as it:
        reply = await it.ask(ASKED, response_format=FORM)
        sent = it.generator.sent(COMPLETIONS)[-1]["response_format"]
        said = it.generator.sent("/tokenize")[-1]["messages"]
    assert reply.choices[0].message.content == ANN
    assert sent["type"] == "json_schema"
    assert list(sent["json_schema"]["schema"]["properties"]) == ["why", "age"]
    assert said[0]["role"] == "system" and '"minimum":0' in said[0]["content"]
    assert "step by step" not in said[0]["content"].lower()


@pytest.mark.parametrize("effort", ["none", "low"])
async def test_json_streams_whole_and_without_what_stood_around_it(
    tmp_path: Path, effort: str
) -> None:
    async with chat_service(tmp_path, in_turn(f"Here:\n```json\n{ANN}\n```")) as it:
        (told,) = await it.stream(ASKED, effort, response_format=FORM)
        plain = await contents(it, ASKED, effort, response_format={"type": "json_object"})
        sent = it.generator.sent(COMPLETIONS)[-1]["response_format"]
    assert (told.content, told.finish_reason) == (ANN, "stop")
    assert plain == [ANN]
    assert sent == {"type": "json_object"}


@pytest.mark.parametrize("effort", ["none", "low"])
@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Ann is 7.", {}),
        ('{"why": "told", "age": -1}', {}),
        ('["told", 7]', {}),
        (ANN, {"max_completion_tokens": 10}),
    ],
)
async def test_no_reply_is_better_than_json_that_is_not_of_the_schema(
    tmp_path: Path, text: str, body: dict[str, Any], effort: str
) -> None:
    async with chat_service(tmp_path, in_turn(text)) as it:
        with pytest.raises(openai.InternalServerError) as caught:
            await it.ask(ASKED, effort, response_format=FORM, **body)
    assert caught.value.status_code == 502
    assert HEADER in caught.value.response.headers
    assert (await it.newest_trace()).trace.status == "failed"


async def test_a_server_that_cannot_hold_replies_to_a_schema_is_asked_without_it(
    tmp_path: Path,
) -> None:
    refusal = Refuse(status=400, body=b'{"error":{"message":"no such grammar","code":400}}')
    async with chat_service(tmp_path, in_turn("Ann is 7.", ANN, ANN, BEN)) as it:
        it.generator.fault(COMPLETIONS, refusal, at=2)
        reply = await it.ask(ASKED, response_format=FORM)
        asked = it.generator.sent(COMPLETIONS)[1:]
    assert reply.choices[0].message.content == ANN
    assert ["response_format" in body for body in asked] == [True, False]
    assert "only checked" in reply.model_extra["forethought"]["faults"][0]


async def test_json_beside_tools_is_checked_and_not_held(tmp_path: Path) -> None:
    async with chat_service(tmp_path, in_turn("Ann is 7.", ANN, SAME, "")) as it:
        reply = await it.ask(ASKED, response_format=FORM, tools=TOOLS)
        sent = it.generator.sent(COMPLETIONS)[-1]
    assert reply.choices[0].message.content == ANN
    assert "response_format" not in sent


async def test_n_gives_the_best_different_answers_of_the_vote(tmp_path: Path) -> None:
    say = in_turn(*map(solution, (41, 42, 42, 43)))
    async with chat_service(tmp_path, say) as it:
        plain = await contents(it, "What is 17 + 25?", "low", n=2)
        told = await it.stream("What is 17 + 25?", "low", n=5)
    assert plain == [solution(42), solution(41)]
    assert [choice.content for choice in told] == [solution(42), solution(41), solution(43)]
    assert [choice.finish_reason for choice in told] == ["stop"] * 3
    assert told[0].thinking and not told[1].thinking


async def test_n_of_tool_calls_are_different_calls_with_ids_of_their_own(tmp_path: Path) -> None:
    call = '<tool_call>{"name": "get_weather", "arguments": {"city": "%s"}}</tool_call>'
    say = in_turn(call % "Oslo", call % "Rome", call % "Oslo", "Hm.")
    async with chat_service(tmp_path, say) as it:
        reply = await it.ask("Weather?", n=8, tools=TOOLS)
    messages = [choice.message for choice in reply.choices]
    made = [m.tool_calls[0].function.arguments for m in messages if m.tool_calls]
    assert made == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert len({m.tool_calls[0].id for m in messages if m.tool_calls}) == 2
    assert [m.content for m in messages] == [None, None, "Hm."]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("text", "effort"), [("Write a poem.", "high"), ("17 + 25?", "none")])
async def test_n_of_a_direct_run_are_as_many_samples_of_one_request(
    tmp_path: Path, text: str, effort: str, stream: bool
) -> None:
    async with chat_service(tmp_path, in_turn("Rain.", "Snow.", "Rain.", "Sun.")) as it:
        if stream:
            said = [choice.content for choice in await it.stream(text, effort, n=4)]
        else:
            said = await contents(it, text, effort, n=4)
        sent = it.generator.sent(COMPLETIONS)[-1]
        told = it.generator.sent("/tokenize")[-1]["messages"]
    assert said == ["Rain.", "Snow.", "Sun."]
    assert (sent["n"], sent["temperature"]) == (4, 0.8)
    assert told == [{"role": "user", "content": text}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("effort", ["none", "low"])
async def test_a_stop_string_ends_the_reply_and_not_the_thinking(
    tmp_path: Path, effort: str, stream: bool
) -> None:
    async with chat_service(tmp_path, in_turn(solution(42))) as it:
        if stream:
            (told,) = await it.stream("17 + 25?", effort, stop=["The final", "zzz"])
            content, thinking = told.content, told.thinking
        else:
            reply = await it.ask("17 + 25?", effort, stop="The final")
            content = reply.choices[0].message.content
            thinking = reply.choices[0].message.model_extra.get("reasoning_content", "")
            assert reply.choices[0].finish_reason == "stop"
        assert "stop" not in it.generator.sent(COMPLETIONS)[-1]
    assert content == "## Step 1: it is 42.\n\n"
    assert ("The final answer" in thinking) == (effort == "low")


async def test_a_strategy_is_run_as_it_is_asked_for(tmp_path: Path) -> None:
    strategy = {"strategy": {"name": "majority", "n": 3}}
    async with chat_service(tmp_path, lambda prompt, k: solution(k)) as it:
        reply = await it.ask("17 + 25?", "high", extra_body={"forethought": strategy})
    said = reply.model_extra["forethought"]
    assert (said["strategy"], said["policy"], said["generations"]) == ("majority", "fixed", 4 + 3)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("strategy", "body"),
    [
        ({"name": "beam_search", "n": 8, "m": 4}, {}),
        ({"name": "budget_forcing", "n": 2}, {"tools": TOOLS}),
        ({"name": "budget_forcing", "n": 2}, {"response_format": FORM}),
        ({"name": "best_of_n", "n": 8}, {}),
    ],
)
async def test_a_strategy_that_cannot_run_is_refused(
    tmp_path: Path, strategy: Any, body: Any, stream: bool
) -> None:
    async with chat_service(tmp_path, in_turn(solution(42))) as it:
        with pytest.raises(openai.BadRequestError) as caught:
            extra = {"forethought": {"strategy": strategy}}
            await it.ask("17 + 25?", "high", stream=stream, extra_body=extra, **body)
    assert (caught.value.code, caught.value.param) == ("cannot_run", "forethought.strategy")


@pytest.mark.parametrize(
    "strategy",
    [
        {"name": "majority", "n": 0},
        {"name": "majority", "n": 4, "wave": 0},
        {"name": "best_of_n", "n": 2**40},
        {"name": "mixed", "chains": 64, "length": 64},
        {"name": "escalation", "n": 1, "price": 0},
        {"name": "particle_filtering", "n": 8, "softmax_temperature": 0.0},
        {"name": "particle_filtering", "n": 8, "top_p": 0.0},
        {"name": "rebase", "n": 8, "temperature": -1.0},
    ],
)
async def test_numbers_that_no_strategy_can_run_with_are_refused(
    tmp_path: Path, strategy: Any
) -> None:
    async with chat_service(tmp_path, in_turn(solution(42))) as it:
        with pytest.raises(openai.BadRequestError) as caught:
            extra = {"forethought": {"strategy": strategy}}
            await it.ask("17 + 25?", "high", extra_body=extra)
    assert caught.value.param == "forethought.strategy"


async def test_a_policy_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    async with chat_service(tmp_path, lambda prompt, k: solution(k)) as it:
        chosen = {"forethought": {"policy": "builtin"}}
        reply = await it.ask("17 + 25?", "medium", extra_body=chosen)
        with pytest.raises(openai.BadRequestError, match="nowhere") as caught:
            await it.ask("17 + 25?", "low", extra_body={"forethought": {"policy": "nowhere"}})
    assert (caught.value.code, caught.value.param) == ("policy_not_found", "forethought.policy")
    assert reply.model_extra["forethought"]["policy"] == "builtin-1"


async def test_a_model_name_may_end_in_the_effort(tmp_path: Path) -> None:
    async with chat_service(tmp_path, in_turn(solution(42))) as it:
        await it.ask("17 + 25?")  # from here on the engine knows the model's own name
        names = [model.id async for model in it.client.models.list()]
        asked: Any = {"messages": [{"role": "user", "content": "17 + 25?"}]}
        efforts = []
        for name in ("fake-low", "forethought-max", "forethought-none"):
            made: Any = await it.client.chat.completions.create(model=name, **asked)
            efforts.append((made.model, made.model_extra["forethought"]["effort"]))
        wins: Any = await it.client.chat.completions.create(
            model="fake-low", reasoning_effort="high", **asked
        )
        with pytest.raises(openai.NotFoundError, match="is not served"):
            await it.client.chat.completions.create(model="fake-huge", **asked)
    assert names[:2] == ["fake", "forethought"]
    assert {"fake-none", "fake-xhigh", "forethought-medium"} <= set(names)
    assert efforts == [
        ("fake-low", "low"),
        ("forethought-max", "max"),
        ("forethought-none", "none"),
    ]
    assert wins.model_extra["forethought"]["effort"] == "high"


async def test_the_callers_system_prompt_comes_before_ours(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "17 + 25?"}]
    async with chat_service(tmp_path, in_turn(solution(42))) as it:
        await it.ask("", messages=turns)
        said = it.generator.sent("/tokenize")[-1]["messages"][0]
    assert said["content"].startswith("Be kind.\n\nSolve the math problem")


async def test_log_probabilities_are_refused_with_a_reason(tmp_path: Path) -> None:
    async with chat_service(tmp_path, in_turn("Yes.")) as it:
        with pytest.raises(openai.BadRequestError, match="logprobs") as caught:
            await it.ask("Hi", logprobs=True)
    assert json.loads(caught.value.response.content)["error"]["code"] == "unsupported"
