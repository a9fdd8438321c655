from dataclasses import replace
from typing import Any

import httpx2
import pytest

from fake_engine import ScriptedEngine, answer
from forethought.server.app import create_app
from forethought.server.guard import open_guard
from forethought.server.keys import Keys
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from recorded_runs import INFO

pytestmark = pytest.mark.anyio


async def ended_run(store: Store, key_id: str | None = None) -> str:
    run = store.begin(replace(INFO, key_id=key_id))
    run.finish(answer())
    await store.drain()
    return run.trace_id


def client(store: Store | None, *, secret: str | None = None) -> httpx2.AsyncClient:
    guard = open_guard()
    if store is not None and secret is not None:
        guard = replace(guard, keys=Keys(store))
    app = create_app(ScriptedEngine(), traces=store, guard=guard)
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)


async def test_grades_are_added_and_read_back(url: str) -> None:
    store = await Store.open(url)
    run = await ended_run(store)
    async with client(store) as http:
        first = await http.post(f"/v1/traces/{run}/grades", json={"score": 1})
        body: dict[str, Any] = {"score": 0.25, "grader": "checker:tests", "note": "1 of 4"}
        second = await http.post(f"/v1/traces/{run}/grades", json=body | {"answer": "7"})
        listed = (await http.get(f"/v1/traces/{run}/grades")).json()
        whole = (await http.get(f"/v1/traces/{run}")).json()
    await store.close()
    assert (first.status_code, second.status_code) == (201, 201)
    assert listed == {"object": "list", "data": [first.json(), second.json()]}
    assert whole["grades"] == listed["data"]
    told = [(g["grader"], g["score"], g["note"], g["answer"]) for g in listed["data"]]
    assert told == [
        ("person:anonymous", 1.0, None, None),
        ("checker:tests", 0.25, "1 of 4", "7"),
    ]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "score"),
        ({"score": 1.5}, "score"),
        ({"score": "right"}, "score"),
        ({"score": 1, "grader": " "}, "grader"),
        ({"score": 1, "colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_grade_is_named_and_not_kept(
    sqlite_url: str, body: dict[str, Any], param: str
) -> None:
    store = await Store.open(sqlite_url)
    run = await ended_run(store)
    async with client(store) as http:
        reply = await http.post(f"/v1/traces/{run}/grades", json=body)
    assert await store.grades_of(run) == []
    await store.close()
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


async def test_what_is_not_there_cannot_be_graded(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    codes: list[tuple[int, str]] = []
    for where, traces in (
        ("0193abcd-0000-7000-8000-000000000000", store),
        ("x", store),
        ("x", None),
    ):
        async with client(traces) as http:
            reply = await http.post(f"/v1/traces/{where}/grades", json={"score": 1})
            codes.append((reply.status_code, reply.json()["error"]["code"]))
    await store.close()
    assert codes == [(404, "trace_not_found")] * 3


async def test_a_key_grades_its_own_runs_in_its_own_name(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    anna, ben = [await store.create_key(NewKey(name=name)) for name in ("anna", "ben")]
    mine, other = await ended_run(store, anna.key.id), await ended_run(store, ben.key.id)
    async with client(store, secret=anna.secret) as http:
        path = f"/v1/traces/{mine}/grades"
        said = {"score": 1, "grader": "person:ben"}
        graders = [
            (await http.post(path, json=body)).json()["grader"] for body in ({"score": 1}, said)
        ]
        stolen = await http.post(f"/v1/traces/{other}/grades", json={"score": 0})
        read = await http.get(f"/v1/traces/{other}/grades")
    await store.close()
    assert graders == ["person:anna", "person:ben (key anna)"]
    assert (stolen.status_code, read.status_code) == (404, 404)
