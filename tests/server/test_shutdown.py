"""`forethought serve` in a process of its own: told to stop while it answers, reached by others."""

import asyncio
from pathlib import Path

import pytest

from faults import Gate, Hold
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from served_process import BODY, PATH, serving

pytestmark = pytest.mark.anyio


async def test_a_running_answer_ends_within_the_grace_with_its_best_so_far(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=1) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)  # in the search, for ever
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        ready, late = await it.http.get("/readyz"), await it.http.post(PATH, json=BODY)
        reply = await asking
        assert await it.ended() == 0
        await it.generator.idle()
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["the server is shutting down"])
    assert (late.status_code, late.json()["error"]["code"]) == (503, "shutting_down")
    assert (late.headers["retry-after"], late.headers["x-should-retry"]) == ("1", "true")
    said = reply.json()["forethought"]
    assert (reply.status_code, said["stop_reason"]) == (200, "deadline")
    assert "1000" in reply.json()["choices"][0]["message"]["content"]
    assert said["generations"] == 4
    (trace,) = await it.traces()
    assert (trace.status, trace.stop_reason) == ("finished", "deadline")


async def test_a_running_answer_that_needs_less_than_the_grace_is_whole(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        body = BODY | {"stream": True, "reasoning_effort": "medium"}
        asking = asyncio.create_task(it.http.post(PATH, json=body))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        gate.open()
        reply = await asking
        assert await it.ended() == 0
    assert reply.text.endswith("data: [DONE]\n\n")
    (trace,) = await it.traces()
    assert trace.status == "finished"
    assert trace.stop_reason != "deadline"


async def test_a_run_that_has_found_nothing_by_then_is_asked_for_elsewhere(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=0) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)  # the pilot itself
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        reply = await asking
        assert await it.ended() == 0
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "shutting_down")
    assert (reply.headers["retry-after"], reply.headers["x-should-retry"]) == ("1", "true")


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    gate = Gate()
    async with serving(tmp_path, grace_s=300) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        asking = asyncio.create_task(it.http.post(PATH, json=BODY))
        await gate.reached()
        it.stop()
        await it.says("Stopping: 1 going on")
        it.stop()
        assert (await asking).status_code == 409
        assert await it.ended() == 0
    (trace,) = await it.traces()
    assert trace.status == "cancelled"


async def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, grace_s=300) as it:
        it.stop()
        assert await it.ended() == 0


async def test_a_server_that_others_can_reach_asks_for_a_key_and_says_how_one_is_made(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, host="0.0.0.0") as it:
        assert "forethought keys create NAME" in await it.says("No API key exists")
        refused = await it.http.post(PATH, json=BODY)
        store = await Store.open(it.database)
        made = await store.create_key(NewKey(name="anna"))
        await store.close()
        key = {"authorization": f"Bearer {made.secret}"}
        answered = await it.http.post(PATH, json=BODY | {"reasoning_effort": "low"}, headers=key)
        it.stop()
        assert await it.ended() == 0
    assert (refused.status_code, answered.status_code) == (401, 200)
    store = await Store.open(it.database)
    owner = await store.owner_of_run(answered.headers["x-forethought-trace-id"])
    await store.close()
    assert owner is not None and owner.key_id == made.key.id


async def test_keys_are_off_for_others_only_where_that_is_said(tmp_path: Path) -> None:
    async with serving(tmp_path, host="0.0.0.0", keys="off") as it:
        assert "whoever reaches 0.0.0.0 can ask" in await it.says("Keys are off")
        reply = await it.http.post(PATH, json=BODY | {"reasoning_effort": "low"})
        assert reply.status_code == 200
