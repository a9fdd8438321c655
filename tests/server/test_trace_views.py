from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from fake_engine import ScriptedEngine, answer
from forethought.nodes.budget import Budget
from forethought.nodes.values import Message, Question, Sampling, ToolCall
from forethought.server.app import create_app
from forethought.server.guard import open_guard
from forethought.server.keys import Keys
from forethought.server.trace_views import is_id
from forethought.storage.grades import NewGrade
from forethought.storage.keys import NewKey
from forethought.storage.recorder import RunInfo, TraceRecorder
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio
TALK = (
    Message("user", "How is Bern?"),
    Message("assistant", "", tool_calls=(ToolCall(id="a", name="weather", arguments="{}"),)),
    Message("tool", "rain", tool_call_id="a"),
)


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    try:
        yield store
    finally:
        await store.close()


def begin(
    store: Store, *messages: Message, key_id: str | None = None, face: str = "chat"
) -> TraceRecorder:
    return store.begin(
        RunInfo(
            question=Question(messages=messages or (Message("user", "17+25?"),), kind="math"),
            effort="low",
            budget=Budget(generations=4),
            sampling=Sampling(),
            face=face,
            model="small-model",
            key_id=key_id,
        )
    )


def client(store: Store | None) -> httpx2.AsyncClient:
    app = create_app(ScriptedEngine(), traces=store)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


def schema_of(path: str) -> Draft202012Validator:
    document = create_app(ScriptedEngine()).openapi()
    reply = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return Draft202012Validator({**document, **reply["schema"]})


async def test_traces_are_listed_newest_first_and_page_by_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        names = [begin(store).trace_id for _ in range(7)][::-1]
        pages: list[Any] = []
        after: dict[str, str] = {}
        while not pages or pages[-1]["has_more"]:
            pages.append((await http.get("/v1/traces", params={"limit": "3"} | after)).json())
            after = {"after": pages[-1]["last_id"]}
    assert [[row["id"] for row in page["data"]] for page in pages] == [
        names[:3],
        names[3:6],
        names[6:],
    ]
    assert (pages[0]["object"], pages[0]["first_id"]) == ("list", names[0])
    schema_of("/v1/traces").validate(pages[0])


async def test_a_cursor_is_found_however_far_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        names = [begin(store).trace_id for _ in range(60)][::-1]
        page = (await http.get("/v1/traces", params={"limit": 2, "after": names[56]})).json()
    assert [row["id"] for row in page["data"]] == names[57:59]


async def test_traces_are_listed_by_status(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        begin(store)
        ended = begin(store)
        ended.finish(answer())
        page = (await http.get("/v1/traces", params={"status": "finished"})).json()
        none = (await http.get("/v1/traces", params={"status": "failed"})).json()
    assert [(row["id"], row["answer"]) for row in page["data"]] == [(ended.trace_id, "42")]
    assert (none["data"], none["last_id"], none["has_more"]) == ([], None, False)


async def test_traces_are_found_by_what_they_are(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        runs = [begin(store, Message("user", f"How far is {city}?")) for city in ("Bern", "Rome")]
        runs[0].finish(answer())
        await store.drain()
        right = NewGrade(trace_id=runs[0].trace_id, grader="person:anna", score=1.0)
        await store.add_grades([right])
        found: dict[str, list[str]] = {}
        for query in (
            *("text=bern", "text=%25", "graded=right", "graded=ungraded", "grader=person:anna"),
            *("model=small-model", "effort=high", "kind=math&face=chat", "since=2020-01-01T00:00Z"),
            *("until=2020-01-01T00:00Z", "min_tokens=1"),
        ):
            page = (await http.get(f"/v1/traces?{query}")).json()
            found[query] = [row["question"].split()[-1] for row in page["data"]]
        (row,) = (await http.get("/v1/traces?graded=right")).json()["data"]
    both = ["Rome?", "Bern?"]
    assert found == {
        "text=bern": ["Bern?"],
        "text=%25": [],
        "graded=right": ["Bern?"],
        "graded=ungraded": ["Rome?"],
        "grader=person:anna": ["Bern?"],
        "model=small-model": both,
        "effort=high": [],
        "kind=math&face=chat": both,
        "since=2020-01-01T00:00Z": both,
        "until=2020-01-01T00:00Z": [],
        "min_tokens=1": ["Bern?"],
    }
    assert (row["score"], row["texts"]) == (1.0, "kept")


async def test_a_trace_is_read_whole_as_soon_as_its_run_is_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        run = begin(store, *TALK)
        running = await http.get(f"/v1/traces/{run.trace_id}")
        run.finish(answer())
        ended = (await http.get(f"/v1/traces/{run.trace_id}")).json()
    assert running.headers["x-forethought-trace-id"] == run.trace_id
    assert running.json()["trace"]["status"] == "running"
    assert (ended["trace"]["status"], ended["trace"]["answer"]) == ("finished", "42")
    assert [turn["role"] for turn in ended["trace"]["messages"]] == ["user", "assistant", "tool"]
    assert ended["trace"]["messages"][1]["tool_calls"][0]["name"] == "weather"
    assert set(ended) >= {"steps", "candidates", "verdicts", "votes", "calls", "usage", "nodes"}


async def test_the_openapi_document_describes_a_trace_exactly(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        run = begin(store)
        run.finish(answer())
        told = (await http.get(f"/v1/traces/{run.trace_id}")).json()
    schema_of("/v1/traces/{trace_id}").validate(told)


@pytest.mark.parametrize("name", ["0", "01", "%25", "x", "0193-", "0" * 36])
async def test_only_a_whole_id_finds_a_trace(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        begin(store)
        reply = await http.get(f"/v1/traces/{name}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "trace_not_found")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("status=done", "status"),
        ("after=01", "after"),
        ("level=6", "level"),
        ("graded=perhaps", "graded"),
        ("min_tokens=99999999999999999999", "min_tokens"),
        ("since=2026-11-01T00:00:00", "since"),
        ("nonsense=1", "nonsense"),
    ],
)
async def test_a_wrong_query_is_named(tmp_path: Path, query: str, param: str) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        reply = await http.get(f"/v1/traces?{query}")
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


async def test_without_a_store_there_are_no_traces() -> None:
    async with client(None) as http:
        listed = await http.get("/v1/traces")
        read = await http.get("/v1/traces/0193")
    assert (listed.status_code, read.status_code) == (404, 404)


async def test_a_key_sees_the_runs_that_were_asked_with_it_and_no_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, client(store) as http:
        keys = [await store.create_key(NewKey(name=name)) for name in ("a", "b")]
        runs = [begin(store, key_id=created.key.id, face="responses").trace_id for created in keys]
        free = begin(store).trace_id
        unkeyed = (await http.get("/v1/traces")).json()
        app = create_app(
            ScriptedEngine(), traces=store, guard=replace(open_guard(), keys=Keys(store))
        )
        transport = httpx2.ASGITransport(app)
        headers = {"authorization": f"Bearer {keys[0].secret}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test", headers=headers
        ) as keyed:
            seen = (await keyed.get("/v1/traces")).json()
            found = [(await keyed.get(f"/v1/traces/{run}")).status_code for run in (*runs, free)]
            said = {
                "model": "forethought",
                "input": "hi",
                "previous_response_id": f"resp_{runs[1]}",
            }
            stolen = await keyed.post("/v1/responses", json=said)
    assert [row["id"] for row in unkeyed["data"]] == [free, *runs[::-1]]
    assert [row["id"] for row in seen["data"]] == runs[:1]
    assert found == [200, 404, 404]
    assert stolen.json()["error"]["code"] == "previous_response_not_found"


def test_an_id_is_a_whole_one_in_its_own_form() -> None:
    assert is_id("0193abcd-0000-7000-8000-000000000000")
    assert not is_id("0193ABCD-0000-7000-8000-000000000000")
    assert not is_id("0193abcd000070008000000000000000")
