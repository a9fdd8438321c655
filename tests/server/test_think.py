import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from fake_engine import LIVE, PILOT, TRACE, ScriptedEngine, answer, node, sample
from faults import Gate
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.budget import Budget
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.errors import BackendError
from forethought.nodes.events import TextArrived
from forethought.nodes.needs import Needs
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Hunt
from forethought.nodes.values import Message
from forethought.nodes.verdict import Group, Verdict
from forethought.server.app import create_app
from forethought.server.think.events import ThinkEvent
from forethought.server.think.reply import ThinkReply
from loopback import Loopback

pytestmark = pytest.mark.anyio
PATH = "/v1/think"
HEADER = "x-forethought-trace-id"
ASKED = {"question": "17+25?"}
EVENTS: TypeAdapter[Any] = TypeAdapter(ThinkEvent)
HARD = Difficulty(probability=0.41, level=3, method="votes", samples=2)
PLANNED = node(
    "plan",
    {
        "plans": (
            Plan(
                strategy=Majority(n=8),
                policy="gsm8k@3 1a2b3c4d",
                why="the pilot is split",
                difficulty=HARD,
            ),
        )
    },
)
SEARCHED = node(
    "search",
    {
        "hunt": Hunt(
            search=Search(
                rounds=1,
                candidates=(
                    replace(sample("s-0", "Surely 41."), origin="search", score=0.3),
                    replace(sample("s-1", "42!"), origin="search", score=0.9),
                ),
            ),
            epoch_of=1,
        )
    },
)
VOTED = node(
    "verify",
    {
        "verdict": Verdict(
            selection="weighted",
            groups=(
                Group(answer_key="42", answer="42", weight=3.0, members=("s-1", "pilot-0")),
                Group(answer_key="41", answer="41", weight=1.0, members=("s-0", "pilot-1")),
            ),
            winner="pilot-0",
            confidence=0.75,
            margin=0.5,
            decided=True,
        )
    },
)
RUN = (PILOT, PLANNED, SEARCHED, VOTED)


@asynccontextmanager
async def served(engine: ScriptedEngine, **options: Any) -> AsyncIterator[httpx2.AsyncClient]:
    with Loopback(create_app(engine, **options)) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=20) as http:
            yield http


async def asked(engine: ScriptedEngine, **body: Any) -> httpx2.Response:
    async with served(engine) as http:
        return await http.post(PATH, json=ASKED | body)


def events_of(text: str) -> list[Any]:
    events = []
    for block in text.split("\n\n"):
        if not block or block.startswith(":"):
            continue
        name, data = block.split("\n")
        event = EVENTS.validate_json(data.removeprefix("data: "))
        assert name == f"event: {event.type}"
        events.append(event)
    assert [event.number for event in events] == list(range(len(events)))
    return events


async def test_the_reply_tells_everything_that_was_found() -> None:
    reply = await asked(ScriptedEngine(*RUN), effort="low")
    thought = ThinkReply.model_validate_json(reply.text)
    told = reply.json()
    assert reply.headers[HEADER] == thought.trace_id == TRACE
    assert (thought.text, thought.answer, thought.whole) == ("It is 42.", "42", True)
    assert told["alternatives"] == [
        {
            "answer": "42",
            "chosen": True,
            "votes": 2,
            "weight": 3.0,
            "share": 0.75,
            "score": 0.9,
            "text": "It is 42.",
            "candidates": ["s-1", "pilot-0"],
        },
        {
            "answer": "41",
            "chosen": False,
            "votes": 2,
            "weight": 1.0,
            "share": 0.25,
            "score": 0.3,
            "text": "Surely 41.",
            "candidates": ["s-0", "pilot-1"],
        },
    ]
    assert told["vote"] == {
        "selection": "weighted",
        "confidence": 0.75,
        "margin": 0.5,
        "decided": True,
    }
    assert told["difficulty"] == {
        "probability": 0.41,
        "level": 3,
        "method": "votes",
        "samples": 2,
    }
    assert (thought.strategy, thought.policy) == ("majority", "gsm8k@3 1a2b3c4d")
    assert thought.plans[0].why == "the pilot is split"
    assert thought.plans[0].numbers["n"] == 8
    assert told["usage"] == {
        "calls": 2,
        "prompt_tokens": 100,
        "cached_tokens": 64,
        "completion_tokens": 40,
        "thinking_tokens": 31,
        "verifier_tokens": 30,
        "total_tokens": 170,
    }
    assert (thought.stop_reason, thought.generations, thought.seconds) == ("confident", 4, 1.5)
    assert thought.faults == ["one sample was lost"]
    assert [text.split("\n")[0][:9] for text in thought.thinking] == [
        "Pilot",
        "Plan: maj",
        "Round 1",
        "Vote: 42 ",
    ]


async def test_without_a_vote_every_whole_text_is_an_alternative() -> None:
    thought = ThinkReply.model_validate_json((await asked(ScriptedEngine(PILOT))).text)
    assert [(a.text, a.chosen, a.weight) for a in thought.alternatives] == [
        ("It is 42.", True, None),
        ("41", False, None),
    ]
    assert (thought.vote, thought.left_out) == (None, 0)


async def test_alternatives_are_bounded_and_say_how_many_are_left_out() -> None:
    many = tuple(sample(f"s-{i}", str(i)) for i in range(100))
    hunt = Hunt(search=Search(rounds=1, candidates=many), epoch_of=1)
    reply = await asked(ScriptedEngine(PILOT, node("search", {"hunt": hunt})))
    thought = ThinkReply.model_validate_json(reply.text)
    assert (len(thought.alternatives), thought.left_out) == (64, 38)


async def test_a_stream_of_typed_events_ends_with_the_same_reply() -> None:
    events = events_of((await asked(ScriptedEngine(*LIVE, *RUN[1:]), stream=True)).text)
    plain = ThinkReply.model_validate_json((await asked(ScriptedEngine(*RUN))).text)
    kinds = [event.type for event in events]
    nodes = [event for event in events if event.type == "node"]
    assert kinds[0] == "started" and kinds[-2:] == ["text", "done"]
    assert (events[0].trace_id, events[0].thinks) == (TRACE, True)
    assert [event.node for event in nodes] == ["estimate", "plan", "search", "verify"]
    assert [event.found for event in nodes] == [2, 2, 4, 4]
    assert nodes[0].difficulty.level == 3 and nodes[1].plan.strategy == "majority"
    assert nodes[2].rounds == 1 and nodes[3].vote.decided
    assert events[-1].thought == plain
    thinking = "".join(event.text for event in events if event.type == "thinking")
    assert thinking == "".join(plain.thinking)
    assert "".join(event.text for event in events if event.type == "text") == plain.text


async def test_effort_none_streams_the_answer_and_no_thinking() -> None:
    pieces = ("It ", "is ", "42.")
    engine = ScriptedEngine(*(TextArrived(key="direct-0", text=p) for p in pieces))
    events = events_of((await asked(engine, stream=True, effort="none")).text)
    assert [event.type for event in events] == ["started", "text", "text", "text", "done"]
    assert not events[0].thinks and events[-1].thought.thinking == []


async def test_everything_a_caller_can_ask_reaches_the_engine() -> None:
    engine = ScriptedEngine()
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "17+25?"},
        ],
        "effort": "high",
        "task_kind": "math",
        "max_generations": 12,
        "max_thinking_tokens": 5000,
        "max_answer_tokens": 300,
        "deadline_s": 2,
        "needs": {"confidence": 0.9},
        "policy": "gsm8k@3",
        "strategy": {"name": "majority", "n": 8},
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
    }
    async with served(engine) as http:
        assert (await http.post(PATH, json=body)).status_code == 200
    ask = engine.asked[0]
    assert ask.messages == (Message("system", "Be brief."), Message("user", "17+25?"))
    assert ask.budget == Budget(generations=12, tokens=5000, deadline_s=2.0)
    assert (ask.effort, ask.kind, ask.needs) == ("high", "math", Needs(confidence=0.9))
    assert (ask.policy, ask.strategy, ask.seed) == ("gsm8k@3", Majority(n=8), 7)
    assert (ask.temperature, ask.top_p, ask.max_tokens) == (0.5, 0.9, 300)
    assert (ask.face, ask.live) == ("think", False)


WRONG: list[tuple[dict[str, Any], str | None]] = [
    ({"question": None}, None),
    ({"messages": [{"role": "user", "content": "hi"}]}, None),
    ({"question": " "}, "question"),
    ({"no_such_field": 1}, "no_such_field"),
    ({"effort": "huge"}, "effort"),
    ({"task_kind": "poem"}, "task_kind"),
    ({"max_generations": 9999}, "max_generations"),
    ({"deadline_s": 0}, "deadline_s"),
    ({"needs": {}}, "needs"),
    ({"policy": ""}, "policy"),
    ({"strategy": {"name": "guess"}}, "strategy"),
    ({"strategy": {"name": "majority", "n": "8"}}, "strategy"),
    ({"stream": "yes"}, "stream"),
    ({"question": None, "messages": []}, "messages"),
    ({"question": None, "messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
    ({"question": None, "messages": [{"role": "assistant", "content": "x"}]}, "messages[0].role"),
]


@pytest.mark.parametrize(("change", "param"), WRONG)
async def test_a_wrong_field_is_named(change: dict[str, Any], param: str | None) -> None:
    engine = ScriptedEngine()
    reply = await asked(engine, **change)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"], engine.asked) == (400, param, [])


async def test_a_model_that_is_not_served_is_a_404() -> None:
    assert (await asked(ScriptedEngine(), model="other")).status_code == 404


@pytest.mark.parametrize("stream", [False, True])
async def test_a_run_that_fails_before_it_said_anything_has_its_status(stream: bool) -> None:
    reply = await asked(ScriptedEngine(BackendError("down")), stream=stream)
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_unavailable")
    assert reply.headers[HEADER] == TRACE


async def test_a_run_that_fails_in_the_middle_of_a_stream_ends_it_with_the_error() -> None:
    events = events_of(
        (await asked(ScriptedEngine(PILOT, BackendError("it died")), stream=True)).text
    )
    assert events[-1].type == "error"
    assert (events[-1].error.message, events[-1].error.code) == ("it died", "upstream_unavailable")


async def test_a_client_that_leaves_a_stream_cancels_the_run() -> None:
    engine = ScriptedEngine(PILOT, Gate())
    async with served(engine) as http:
        async with http.stream("POST", PATH, json=ASKED | {"stream": True}) as reply:
            await anext(reply.aiter_lines())
        await engine.closed.reached()
    assert (engine.open, engine.cancelled) == (0, 1)


async def test_the_openapi_document_describes_the_replies_exactly() -> None:
    document = create_app(ScriptedEngine()).openapi()
    operation = document["paths"][PATH]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    said = {**document, **schema}
    whole = (await asked(ScriptedEngine(*RUN))).json()
    failed = (await asked(ScriptedEngine(BackendError("down")))).json()
    Draft202012Validator(said).validate(whole)
    error = operation["responses"]["502"]["content"]["application/json"]["schema"]
    Draft202012Validator({**document, **error}).validate(failed)
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in json.dumps(body)
    assert body["properties"]["effort"]["description"].startswith("The dial")
    event = operation["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]
    events = event["properties"]["data"]["contentSchema"]
    streamed = (await asked(ScriptedEngine(*LIVE, *RUN[1:]), stream=True)).text
    lines = [line.removeprefix("data: ") for line in streamed.split("\n") if line[:5] == "data:"]
    for line in lines:
        Draft202012Validator(events).validate(json.loads(line))


async def test_a_cut_answer_is_marked() -> None:
    reply = await asked(ScriptedEngine(PILOT, answer=answer("It i", whole=False)))
    assert (reply.json()["whole"], reply.json()["text"]) == (False, "It i")
