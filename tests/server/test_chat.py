import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest

from fake_engine import LIVE, PILOT, TRACE, ScriptedEngine, answer, node
from faults import Gate
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.budget import Budget
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendRejected,
    BackendTimeout,
    BudgetSpent,
    NoCandidate,
    PromptTooLong,
    StoreError,
)
from forethought.nodes.events import TextArrived
from forethought.nodes.needs import Needs
from forethought.nodes.policy.base import Plan
from forethought.nodes.policy.runnable import CannotRun
from forethought.nodes.values import Message
from forethought.server.app import create_app
from forethought.server.http_terms import HttpTerms
from loopback import Loopback

pytestmark = pytest.mark.anyio
ASKED: Any = [{"role": "user", "content": "17+25?"}]
BODY = {"model": "forethought", "messages": ASKED}
PATH = "/v1/chat/completions"
HEADER = "x-forethought-trace-id"


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


def data_of(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data")]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


async def test_the_openai_client_gets_the_answer_and_what_it_cost() -> None:
    engine = ScriptedEngine(PILOT)
    async with client(engine) as openai_client:
        raw = await openai_client.chat.completions.with_raw_response.create(
            model="small-model", messages=ASKED
        )
    reply = raw.parse()
    message = reply.choices[0].message
    thinking = (message.model_extra or {})["reasoning_content"]
    assert raw.headers[HEADER] == TRACE
    assert (reply.id, reply.object, reply.model) == (
        f"chatcmpl-{TRACE}",
        "chat.completion",
        "small-model",
    )
    assert (message.role, message.content) == ("assistant", "It is 42.")
    assert (message.model_extra or {})["reasoning"] == thinking
    assert thinking == (
        "Pilot\n\n(1) It is 42.\n\n(2) 41\n\n"
        "Difficulty: level 3 of 5 (P about 0.41 that one sample is right, votes, 2 samples)"
    )
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 130,
        "completion_tokens": 40,
        "total_tokens": 170,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 31},
    }
    assert (reply.model_extra or {})["forethought"] == {
        "trace_id": TRACE,
        "effort": "medium",
        "stop_reason": "confident",
        "confidence": 0.75,
        "probability": None,
        "needs_met": None,
        "answer": "42",
        "generations": 4,
        "seconds": 1.5,
        "difficulty": {"level": 3, "probability": 0.41},
        "strategy": None,
        "policy": None,
        "verifier_tokens": 30,
        "faults": ["one sample was lost"],
    }
    assert (engine.open, engine.cancelled, engine.asked[0].live) == (0, 0, False)


async def test_a_stream_tells_the_thinking_first_then_the_answer_then_the_cost() -> None:
    engine = ScriptedEngine(*LIVE)
    async with served(engine) as http:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        reply = await http.post(PATH, json=BODY | options)
    chunks = data_of(reply.text)
    deltas = [c["choices"][0]["delta"] for c in chunks if c["choices"]]
    thinking = [d for d in deltas if "reasoning" in d]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers[HEADER] == TRACE
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert deltas[1 : 1 + len(thinking)] == thinking
    assert all(
        d == {"reasoning": d["reasoning"], "reasoning_content": d["reasoning"]} for d in thinking
    )
    assert "".join(d["reasoning"] for d in thinking).startswith(
        "Pilot\n\n(1) It is 42.\n\n(2) 41\n\nDifficulty"
    )
    assert deltas[1 + len(thinking) :] == [{"content": "It is 42."}, {}]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-2]["forethought"]["trace_id"] == TRACE
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]) == ([], 170)
    assert engine.asked[0].live


async def test_the_openai_client_reads_a_stream() -> None:
    async with client(ScriptedEngine(*LIVE)) as openai_client:
        stream = await openai_client.chat.completions.create(
            model="forethought", messages=ASKED, stream=True
        )
        got = [chunk async for chunk in stream]
    assert all(c.choices for c in got), "no usage chunk unless it is asked for"
    assert "".join(c.choices[0].delta.content or "" for c in got) == "It is 42."


async def test_thinking_goes_out_as_it_happens() -> None:
    gate = Gate()
    async with client(ScriptedEngine(LIVE[0], gate, *LIVE[1:])) as openai_client:
        stream = await openai_client.chat.completions.create(
            model="forethought", messages=ASKED, stream=True
        )
        first = [await anext(stream), await anext(stream)]
        gate.open()
        rest = [chunk async for chunk in stream]
    assert (first[1].choices[0].delta.model_extra or {})["reasoning"] == "Pilot\n\n(1) It is "
    assert rest[-1].choices[0].finish_reason == "stop"


async def test_effort_none_streams_the_one_call_as_content() -> None:
    pieces = ("  ", "It ", "is ", "4", "2.", "\n")
    engine = ScriptedEngine(*(TextArrived(key="direct-0", text=p) for p in pieces))
    async with served(engine) as http:
        body = BODY | {"stream": True, "reasoning_effort": "none"}
        deltas = [
            c["choices"][0]["delta"] for c in data_of((await http.post(PATH, json=body)).text)
        ]
        plain = (await http.post(PATH, json=BODY | {"reasoning_effort": "none"})).json()
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "It"},
        {"content": " is"},
        {"content": " 4"},
        {"content": "2."},
        {},
    ]
    assert plain["choices"][0]["message"] == {"role": "assistant", "content": "It is 42."}


async def test_a_direct_answer_that_was_not_streamed_is_sent_whole() -> None:
    async with served(ScriptedEngine()) as http:
        body = BODY | {"stream": True, "reasoning_effort": "none"}
        chunks = data_of((await http.post(PATH, json=body)).text)
    assert chunks[1]["choices"][0]["delta"] == {"content": "It is 42."}


async def test_a_direct_answer_that_was_given_up_midway_is_an_error() -> None:
    engine = ScriptedEngine(TextArrived(key="direct-0", text="Well, 41"))
    async with served(engine) as http:
        body = BODY | {"stream": True, "reasoning_effort": "none"}
        chunks = data_of((await http.post(PATH, json=body)).text)
    assert chunks[-1]["error"]["code"] == "upstream_unavailable"


async def test_a_cut_answer_says_so() -> None:
    async with served(ScriptedEngine(answer=answer("It i", whole=False))) as http:
        reply = (await http.post(PATH, json=BODY | {"max_tokens": 1})).json()
    assert reply["choices"][0]["finish_reason"] == "length"


async def test_the_reply_says_whether_needs_are_met_how_sure_it_is_and_which_policy_chose() -> None:
    plan = Plan(
        strategy=Majority(n=8),
        policy="gsm8k@3 1a2b3c4d",
        why="test",
        difficulty=Difficulty(probability=0.4, level=3, method="told", samples=4),
    )
    known = replace(answer(), probability=0.83, needs_met=True)
    async with served(ScriptedEngine(node("plan", {"plans": (plan,)}), answer=known)) as http:
        said = (await http.post(PATH, json=BODY)).json()["forethought"]
    assert (said["probability"], said["needs_met"]) == (0.83, True)
    assert (said["policy"], said["strategy"]) == ("gsm8k@3 1a2b3c4d", "majority")


async def test_everything_a_caller_can_ask_reaches_the_engine() -> None:
    engine = ScriptedEngine()
    async with client(engine) as openai_client:
        history: Any = [
            {"role": "system", "content": "Be brief."},
            {
                "role": "developer",
                "content": [{"type": "text", "text": "In "}, {"type": "text", "text": "French."}],
            },
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi", "reasoning_content": "hm", "reasoning": "hm"},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "?"}],
            },
            {"role": "assistant", "content": None, "reasoning_details": [{"text": "hm"}]},
            {"role": "user", "content": "17+25?", "name": "ann"},
        ]
        await openai_client.chat.completions.create(
            model="forethought",
            messages=history,
            reasoning_effort="high",
            max_completion_tokens=300,
            temperature=0.5,
            top_p=0.9,
            seed=7,
            n=1,
            tools=[],
            response_format={"type": "text"},
            user="someone",
            metadata={"topic": "sums"},
            extra_body={
                "forethought": {
                    "max_generations": 12,
                    "max_thinking_tokens": 5000,
                    "deadline_s": 2,
                    "task_kind": "math",
                    "needs": {"confidence": 0.9, "seconds": 20, "tokens": 4000},
                },
                "top_k": 20,
            },
        )
    ask = engine.asked[0]
    assert ask.messages == (
        Message("system", "Be brief."),
        Message("system", "In French."),
        Message("user", "Hello"),
        Message("assistant", "Hi"),
        Message("assistant", "?"),
        Message("assistant", ""),
        Message("user", "17+25?"),
    )
    assert ask.budget == Budget(generations=12, tokens=5000, deadline_s=2.0)
    assert ask.needs == Needs(confidence=0.9, seconds=20.0, tokens=4000)
    assert (ask.effort, ask.kind, ask.face) == ("high", "math", "chat")
    assert ask.kept == '{"metadata": {"topic": "sums"}}'
    assert (ask.temperature, ask.top_p, ask.max_tokens, ask.seed) == (0.5, 0.9, 300, 7)


@pytest.mark.parametrize(
    ("body", "effort", "generations"),
    [
        ({}, "low", 4),
        ({"reasoning_effort": None}, "low", 4),
        ({"reasoning_effort": "max"}, "max", 256),
        ({"reasoning_effort": "none"}, "none", 0),
        ({"forethought": {"max_generations": 0}}, "none", 0),
        ({"reasoning_effort": "none", "forethought": {"max_generations": 9}}, "medium", 9),
        ({"reasoning_effort": "none", "forethought": {"max_generations": 999}}, "max", 999),
    ],
)
async def test_effort_is_the_dial(body: dict[str, Any], effort: str, generations: int) -> None:
    engine = ScriptedEngine()
    async with served(engine, terms=HttpTerms(default_effort="low")) as http:
        assert (await http.post(PATH, json=BODY | body)).status_code == 200
    assert (engine.asked[0].effort, engine.asked[0].budget.generations) == (effort, generations)


FAILURES = [
    (PromptTooLong("5550 tokens"), 400, "context_length_exceeded", "invalid_request_error"),
    (BudgetSpent("deadline"), 504, "deadline_exceeded", "server_error"),
    (BudgetSpent("tokens"), 400, "budget_too_small", "invalid_request_error"),
    (CannotRun("beam_search needs"), 400, "cannot_run", "invalid_request_error"),
    (BackendTimeout("slow"), 504, "upstream_timeout", "server_error"),
    (BackendGarbled("html"), 502, "upstream_garbled", "server_error"),
    (BackendRejected("401"), 502, "upstream_rejected", "server_error"),
    (BackendError("down"), 502, "upstream_unavailable", "server_error"),
    (NoCandidate(), 502, "no_candidate", "server_error"),
    (StoreError("locked"), 503, "store_unavailable", "server_error"),
    (KeyError("secret"), 500, "internal_error", "server_error"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("error", "status", "code", "kind"), FAILURES)
async def test_a_run_that_fails_before_it_said_anything_has_its_status(
    error: Exception, status: int, code: str, kind: str, stream: bool
) -> None:
    engine = ScriptedEngine(error)
    async with served(engine) as http:
        reply = await http.post(PATH, json=BODY | {"stream": stream})
    told = reply.json()["error"]
    assert (reply.status_code, told["code"], told["type"]) == (status, code, kind)
    assert told["message"]
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
    assert reply.json()["error"]["message"] == "the disk is full"


async def test_a_run_that_fails_in_the_middle_of_a_stream_ends_it_with_the_error() -> None:
    async with served(ScriptedEngine(LIVE[0], BackendError("it died"))) as http:
        reply = await http.post(PATH, json=BODY | {"stream": True})
    assert (reply.status_code, reply.headers[HEADER]) == (200, TRACE)
    assert data_of(reply.text)[-1] == {
        "error": {
            "message": "it died",
            "type": "server_error",
            "param": None,
            "code": "upstream_unavailable",
        }
    }


async def test_the_openai_client_raises_the_error_of_a_stream_and_does_not_ask_again() -> None:
    engine = ScriptedEngine(LIVE[0], BackendError("it died"))
    failing = ScriptedEngine(BackendError("it is down"))
    async with client(engine) as openai_client:
        stream = await openai_client.chat.completions.create(
            model="forethought", messages=ASKED, stream=True
        )
        with pytest.raises(openai.APIError, match="it died"):
            _ = [chunk async for chunk in stream]
    async with client(failing) as openai_client:
        with pytest.raises(openai.InternalServerError, match="it is down"):
            await openai_client.chat.completions.create(model="forethought", messages=ASKED)
    assert (len(engine.asked), len(failing.asked)) == (1, 1)


async def test_comments_keep_a_silent_stream_alive() -> None:
    gate = Gate()
    body = BODY | {"stream": True}
    async with (
        served(ScriptedEngine(gate, *LIVE), terms=HttpTerms(keep_alive_s=0.01)) as http,
        http.stream("POST", PATH, json=body) as reply,
    ):
        lines = reply.aiter_lines()
        got = [await anext(lines) for _ in range(8)]
        gate.open()
        rest = [line async for line in lines]
    assert (reply.status_code, reply.headers[HEADER]) == (200, TRACE)
    assert got[0].startswith('data: {"id":')
    assert [line for line in got if line][1:] == [": keep-alive"] * 3
    assert rest[-2] == "data: [DONE]" or rest[-1] == "data: [DONE]"


async def test_a_client_that_leaves_a_stream_cancels_the_run() -> None:
    engine = ScriptedEngine(LIVE[0], Gate())
    async with client(engine) as openai_client:
        stream = await openai_client.chat.completions.create(
            model="forethought", messages=ASKED, stream=True
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


async def test_the_reply_waits_until_the_run_is_closed() -> None:
    engine = ScriptedEngine()
    engine.closed = Gate()
    async with served(engine) as http:
        asking = asyncio.create_task(http.post(PATH, json=BODY))
        await engine.closed.reached()
        assert not asking.done()
        engine.closed.open()
        assert (await asking).status_code == 200
