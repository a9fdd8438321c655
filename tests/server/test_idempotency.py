"""Requests with an `Idempotency-Key`: answered once, gone on from after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fake_vllm import FakeVllm
from faults import Gate, Hold, Refuse
from forethought.server.app import create_app
from forethought.server.idempotency import fingerprint
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.archive import Archive
from forethought.storage.trace_filter import TraceFilter
from served_process import BODY, PATH, never_agrees, serving

pytestmark = pytest.mark.anyio
KEY = {"idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
TRACE, REPLAYED, RESUMES = "x-forethought-trace-id", "idempotent-replayed", "x-forethought-resumes"
LOW = BODY | {"reasoning_effort": "low"}


@dataclass(frozen=True)
class Service:
    generator: FakeVllm
    http: httpx2.AsyncClient
    engine: LocalEngine

    def samples(self) -> int:
        return samples_of(self.generator)

    async def chat(self, body: Any = LOW, **headers: str) -> httpx2.Response:
        return await self.http.post(PATH, json=body, headers=KEY | headers)


def samples_of(generator: FakeVllm) -> int:
    """Return the samples that were asked for; the probe of a start asks for single tokens."""
    asked = [body for body in generator.sent("/v1/completions") if body["max_tokens"] > 1]
    return sum(body.get("n", 1) * len(body["prompt"]) for body in asked)


@asynccontextmanager
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(never_agrees))
        settings = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url="",
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        )
        engine = await stack.enter_async_context(open_engine(settings))
        app = create_app(engine, traces=engine.store, claims=engine.store)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=60))
        yield Service(generator=generator, http=http, engine=engine)


def said(reply: httpx2.Response) -> Any:
    """Return what a chat completion says, but for when it was said and in how many parts it thought."""
    told = reply.json()
    message = told["choices"][0]["message"]
    return told["id"], message["content"], told["usage"], told["forethought"]["answer"]


async def test_a_request_that_was_answered_is_told_again_and_costs_nothing(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        first = await it.chat()
        spent = it.samples()
        again = await it.chat()
        assert (first.status_code, again.status_code) == (200, 200)
        assert REPLAYED not in first.headers
        assert again.headers[REPLAYED] == "true"
        assert again.headers[TRACE] == first.headers[TRACE]
        assert said(again) == said(first)
        assert it.samples() == spent


async def test_an_answer_whose_text_is_gone_is_found_anew(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.chat()
        spent = it.samples()
        await it.engine.store.drain()
        async with await Archive.open(f"sqlite:///{tmp_path / 'traces.db'}") as archive:
            assert await archive.redact(TraceFilter()) == 1
        again = await it.chat()
        assert again.status_code == 200
        assert REPLAYED not in again.headers
        assert it.samples() == 2 * spent


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/think", {"question": "What is 17 + 25?", "effort": "low"}),
        ("/v1/think", {"question": "What is 17 + 25?", "effort": "low", "stream": True}),
        ("/v1/responses", {"model": "forethought", "input": "What is 17 + 25?"}),
        (PATH, LOW | {"stream": True}),
        (PATH, LOW | {"reasoning_effort": "none"}),
    ],
)
async def test_every_face_tells_the_same_answer_again(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    async with service(tmp_path) as it:
        first, again = [await it.http.post(path, json=body, headers=KEY) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200), again.text
        assert again.headers[REPLAYED] == "true"
        assert again.headers[TRACE] == first.headers[TRACE]
        await it.engine.store.drain()
        (trace,) = await it.engine.store.list_traces()
        told = trace.answer or "1000"
        assert told in first.text and told in again.text


async def test_another_body_under_the_same_key_is_refused(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.chat()
        other = await it.chat(LOW | {"seed": 5})
        assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
        elsewhere = await it.http.post(
            "/v1/think", json={"question": "What is 1 + 1?", "effort": "minimal"}, headers=KEY
        )
        assert elsewhere.status_code == 200, "a key belongs to its path"


async def test_the_same_json_in_another_order_is_the_same_body() -> None:
    assert fingerprint(b'{"a": 1, "b": [2]}') == fingerprint(b'{"b":[2],"a":1}')
    assert fingerprint(b'{"a": 1}') != fingerprint(b'{"a": 2}')
    assert fingerprint(b"no json") != fingerprint(b"nor this")


async def test_a_request_that_is_being_answered_is_asked_for_again_a_little_later(
    tmp_path: Path,
) -> None:
    gate = Gate()
    async with service(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        asking = asyncio.create_task(it.chat())
        await gate.reached()
        busy = await it.chat()
        assert (busy.status_code, busy.json()["error"]["code"]) == (
            409,
            "idempotency_key_in_flight",
        )
        assert (busy.headers["retry-after"], busy.headers["x-should-retry"]) == ("1", "true")
        gate.open()
        first = await asking
        again = await it.chat()
        assert said(again) == said(first)


@pytest.mark.parametrize("key", ["", '""', "k" * 256])
async def test_a_key_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    async with service(tmp_path) as it:
        reply = await it.chat(**{"idempotency-key": key})
        assert (reply.status_code, reply.json()["error"]["code"]) == (
            400,
            "invalid_idempotency_key",
        )
        assert it.samples() == 0


async def test_without_a_key_every_request_is_a_run(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        replies = [await it.http.post(PATH, json=LOW) for _ in range(2)]
        assert len({reply.headers[TRACE] for reply in replies}) == 2


async def test_a_request_that_was_refused_leaves_its_key_free(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        bad = await it.chat(LOW | {"forethought": {"strategy": {"name": "beam_search"}}})
        assert bad.status_code == 400
        assert (await it.chat()).status_code == 200


async def test_a_run_that_failed_is_run_again(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.engine.ready()
        it.generator.fault("/v1/completions", Refuse())
        failed = await it.chat()
        it.generator.heal()
        again = await it.chat()
        assert (failed.status_code, again.status_code) == (502, 200)
        assert again.headers[RESUMES] == failed.headers[TRACE]


async def test_a_client_who_left_goes_on_from_what_was_found(tmp_path: Path) -> None:
    gate = Gate()
    body = BODY | {"reasoning_effort": "medium"}
    async with service(tmp_path) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)  # after the pilot
        asking = asyncio.create_task(it.chat(body))
        await gate.reached()
        asking.cancel()
        await it.generator.idle()
        it.generator.heal()
        again = await it.chat(body)
        while again.status_code == 409:  # its run may still be closing
            again = await it.chat(body)
        assert again.status_code == 200
        await it.engine.store.drain()
        newest, broken = await it.engine.store.list_traces()
        assert broken.status == "cancelled"
        assert again.headers[RESUMES] == broken.id
        detail = await it.engine.store.read_trace(newest.id)
        assert detail.trace.resumes == broken.id
        keys = [candidate.key for candidate in detail.candidates]
        assert keys[:4] == [f"r-pilot-{k}" for k in range(4)]
        assert detail.trace.generations == 16
        drawn = [candidate for candidate in detail.candidates if not candidate.key.startswith("r-")]
        assert len(drawn) == 12


async def test_a_run_whose_process_was_killed_goes_on_and_its_samples_are_not_drawn_again(
    tmp_path: Path,
) -> None:
    gate = Gate()
    with FakeVllm(never_agrees) as generator:
        generator.fault("/v1/completions", Hold(gate), at=5)  # the pilot and two waves are done
        async with serving(tmp_path, generator=generator) as it:
            asking = asyncio.create_task(it.http.post(PATH, json=BODY, headers=KEY))
            await gate.reached()
            found = samples_of(generator) - generator.sent("/v1/completions")[-1]["n"]
            listed = (await it.http.get("/v1/traces")).json()["data"]
            await it.http.get(f"/v1/traces/{listed[0]['id']}")  # its rows are in the database now
            it.process.kill()
            await it.ended()
            with pytest.raises(httpx2.HTTPError):
                await asking
        generator.heal()
        before = samples_of(generator)
        async with serving(tmp_path, generator=generator) as it:
            reply = await it.http.post(PATH, json=BODY, headers=KEY)
            again = await it.http.post(PATH, json=BODY, headers=KEY)
            it.stop()
            assert await it.ended() == 0
        newest, killed = await it.traces()
    assert (reply.status_code, killed.status) == (200, "interrupted")
    assert reply.headers[RESUMES] == killed.id
    assert newest.generations == 64
    assert samples_of(generator) - before == 64 - found
    assert found >= 12
    assert (again.headers[REPLAYED], again.headers[TRACE]) == ("true", newest.id)
    # What both processes spent is counted, but for what was under way when the first was killed.
    usage = reply.json()["usage"]
    assert usage["completion_tokens"] >= 64 * len("The final answer is: \\boxed{1000}")
