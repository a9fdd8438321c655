"""Who is let in, what they are told, and that nobody chooses where their question goes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import openai
import pytest

from fake_engine import ScriptedEngine
from fake_ledger import FakeLedger
from fakes import FakeClock
from faults import Gate
from forethought.nodes.errors import StoreError
from forethought.server.admission import Admission, Line
from forethought.server.app import create_app
from forethought.server.errors import Refusal
from forethought.server.guard import Bounds, Guard
from forethought.server.keys import BELIEVED_IN_OUTAGE_S, BELIEVED_S, Keys, is_loopback, wants_keys
from forethought.server.limits import Limits
from forethought.server.running import Running
from forethought.storage.keys import ApiKey
from loopback import Loopback

pytestmark = pytest.mark.anyio
ASKED: Any = [{"role": "user", "content": "17+25?"}]
BODY = {"model": "forethought", "messages": ASKED}
PATH = "/v1/chat/completions"
ANNA = ApiKey(
    id="anna-id",
    name="anna",
    prefix="ft-anna",
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
    revoked_at=None,
    requests_per_minute=None,
    thinking_tokens_per_minute=None,
    tokens_per_day=None,
    priority=3,
)
TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_ANNA = {"authorization": "Bearer ft-anna-secret"}


class KeyRing:
    """A store that knows keys by their secrets, and counts how often it is asked."""

    def __init__(self, **keys: ApiKey) -> None:
        self.keys = {f"ft-{name}-secret": key for name, key in keys.items()}
        self.asked: list[str] = []
        self.broken = False

    async def find_key(self, secret: str) -> ApiKey | None:
        self.asked.append(secret)
        if self.broken:
            raise StoreError("the disk is full")
        return self.keys.get(secret)


def guard_with(
    ring: KeyRing, *, max_running: int = 8, max_waiting: int = 8, clock: FakeClock | None = None
) -> Guard:
    clock = clock or FakeClock()
    return Guard(
        admission=Admission(Line(max_running=max_running, max_waiting=max_waiting), clock=clock),
        running=Running(),
        bounds=Bounds(max_messages=3, max_characters=100, max_n=4),
        keys=Keys(ring, clock=clock),
        limits=Limits(FakeLedger(), now=lambda: TODAY + timedelta(seconds=clock.now)),
    )


def http(engine: ScriptedEngine, guard: Guard) -> httpx2.AsyncClient:
    app = create_app(engine, guard=guard)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=20)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Basic ft-anna-secret"},
        {"authorization": "ft-anna-secret"},
        {"authorization": "Bearer ft-anna-secre"},
        {"authorization": "Bearer ft-anna-secret x"},
        {"x-api-key": "ft-anna-secret"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", PATH), ("GET", "/v1/models"), ("POST", "/mcp"), ("GET", "/docs"), ("GET", "/none")],
)
async def test_without_a_right_key_everything_is_401_in_openais_form(
    method: str, path: str, sent: dict[str, str]
) -> None:
    engine = ScriptedEngine()
    async with http(engine, guard_with(KeyRing(anna=ANNA))) as client:
        reply = await client.request(method, path, json=BODY, headers=sent)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["code"]) == (
        401,
        "invalid_request_error",
        "invalid_api_key",
    )
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "secre" not in reply.text
    assert engine.asked == []


async def test_whether_the_server_lives_can_be_asked_without_a_key() -> None:
    async with http(ScriptedEngine(), guard_with(KeyRing())) as client:
        assert [(await client.get(path)).status_code for path in ("/healthz", "/readyz")] == [
            200,
            200,
        ]


async def test_the_openai_client_asks_with_its_key_and_raises_the_right_error_without() -> None:
    engine = ScriptedEngine()
    app = create_app(engine, guard=guard_with(KeyRing(anna=ANNA)))
    with Loopback(app) as server:
        url = f"{server.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="ft-anna-secret") as client:
            reply = await client.chat.completions.create(model="forethought", messages=ASKED)
        async with openai.AsyncOpenAI(base_url=url, api_key="wrong") as client:
            with pytest.raises(openai.AuthenticationError, match="wrong or revoked"):
                await client.chat.completions.create(model="forethought", messages=ASKED)
    assert reply.choices[0].message.content == "It is 42."
    assert [ask.key_id for ask in engine.asked] == ["anna-id"]


async def test_a_key_is_believed_for_seconds_so_that_a_revoked_one_ends_soon() -> None:
    clock, ring = FakeClock(), KeyRing(anna=ANNA)
    async with http(ScriptedEngine(), guard_with(ring, clock=clock)) as client:

        async def status() -> int:
            return (await client.get("/v1/models", headers=AS_ANNA)).status_code

        assert [await status(), await status()] == [200, 200]
        assert len(ring.asked) == 1
        del ring.keys["ft-anna-secret"]
        clock.now += BELIEVED_S - 0.01
        assert await status() == 200
        clock.now += 0.01
        assert await status() == 401


async def test_a_store_that_fails_lets_nobody_in() -> None:
    ring = KeyRing(anna=ANNA)
    ring.broken = True
    async with http(ScriptedEngine(), guard_with(ring)) as client:
        reply = await client.get("/v1/models", headers=AS_ANNA)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "store_unavailable")


@pytest.mark.parametrize("stream", [False, True])
async def test_past_a_limit_the_reply_is_429_with_the_seconds_to_wait(stream: bool) -> None:
    clock = FakeClock()
    ring = KeyRing(anna=replace(ANNA, requests_per_minute=2, thinking_tokens_per_minute=1000))
    engine = ScriptedEngine()
    async with http(engine, guard_with(ring, clock=clock)) as client:
        body = BODY | {"stream": stream}
        first = await client.post(PATH, json=body, headers=AS_ANNA)
        second = await client.post(PATH, json=body, headers=AS_ANNA)
        third = await client.post(PATH, json=body, headers=AS_ANNA)
        models = await client.get("/v1/models", headers=AS_ANNA)
        clock.now += int(third.headers["retry-after"])
        fourth = await client.post(PATH, json=body, headers=AS_ANNA)
    error = third.json()["error"]
    assert [r.status_code for r in (first, third, models, fourth)] == [200, 429, 200, 200]
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")
    assert (third.headers["retry-after"], third.headers["x-should-retry"]) == ("30", "true")
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert first.headers["x-ratelimit-limit-tokens"] == "1000"
    assert second.headers["x-ratelimit-remaining-tokens"] == "960"  # the first one used 40
    assert len(engine.asked) == 3


async def test_the_openai_client_raises_a_rate_limit_error_that_says_how_long() -> None:
    clock = FakeClock()
    ring = KeyRing(anna=replace(ANNA, requests_per_minute=6))
    app = create_app(ScriptedEngine(), guard=guard_with(ring, clock=clock))
    with Loopback(app) as server:
        url = f"{server.url}/v1"
        key = "ft-anna-secret"
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
            for _ in range(6):
                await client.chat.completions.create(model="forethought", messages=ASKED)
            with pytest.raises(openai.RateLimitError) as caught:
                await client.chat.completions.create(model="forethought", messages=ASKED)
    assert caught.value.response.headers["retry-after"] == "10"


async def test_a_run_is_charged_by_what_it_used_also_when_its_client_leaves() -> None:
    gate, ring = Gate(), KeyRing(anna=replace(ANNA, thinking_tokens_per_minute=30))
    engine = ScriptedEngine(gate)
    with Loopback(create_app(engine, guard=guard_with(ring))) as server:
        async with httpx2.AsyncClient(base_url=server.url, headers=AS_ANNA, timeout=20) as client:
            asking = asyncio.create_task(client.post(PATH, json=BODY))
            await gate.reached()
            asking.cancel()
            await engine.closed.reached()
            reply = await client.post(PATH, json=BODY)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], reply.headers["retry-after"]) == (429, "tokens", "22")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": ASKED * 4}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 101}]}, "messages"),
        ({"n": 5}, "n"),
    ],
)
async def test_a_request_beyond_the_bounds_is_refused_before_any_run(
    body: dict[str, Any], param: str
) -> None:
    engine = ScriptedEngine()
    async with http(engine, guard_with(KeyRing(anna=ANNA))) as client:
        reply = await client.post(PATH, json=BODY | body, headers=AS_ANNA)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
    assert engine.asked == []


async def test_past_the_line_a_request_is_503_and_told_when_to_come_back() -> None:
    gate = Gate()
    engine = ScriptedEngine(gate)
    guard = guard_with(KeyRing(anna=ANNA), max_running=1, max_waiting=0)
    with Loopback(create_app(engine, guard=guard)) as server:
        async with httpx2.AsyncClient(base_url=server.url, headers=AS_ANNA, timeout=20) as client:
            first = asyncio.create_task(client.post(PATH, json=BODY))
            await gate.reached()
            second = await client.post(PATH, json=BODY)
            gate.open()
            assert (await first).status_code == 200
    assert (second.status_code, second.json()["error"]["code"]) == (503, "overloaded")
    assert second.headers["retry-after"] == "5"
    assert second.headers["x-should-retry"] == "true"
    assert engine.most == 1


SMUGGLED = {
    "base_url": "http://evil.test/v1",
    "api_base": "http://evil.test/v1",
    "generator_url": "http://evil.test/v1",
    "verifier_url": "http://evil.test/v1",
    "api_key": "stolen",
    "generator_api_key": "stolen",
    "generator_model": "/etc/passwd",
    "model_path": "/etc/passwd",
    "key_id": "somebody-else",
    "face": "cli",
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_a_caller_never_chooses_an_upstream_a_key_or_a_path(name: str) -> None:
    engine = ScriptedEngine()
    async with http(engine, guard_with(KeyRing(anna=ANNA))) as client:
        plain = await client.post(PATH, json=BODY, headers=AS_ANNA)
        top = await client.post(PATH, json=BODY | {name: SMUGGLED[name]}, headers=AS_ANNA)
        inner = {"forethought": {name: SMUGGLED[name]}}
        nested = await client.post(PATH, json=BODY | inner, headers=AS_ANNA)
        told = {f"x-{name.replace('_', '-')}": SMUGGLED[name]}
        header = await client.post(PATH, json=BODY, headers=AS_ANNA | told)
        query = await client.post(f"{PATH}?{name}={SMUGGLED[name]}", json=BODY, headers=AS_ANNA)
    assert [r.status_code for r in (plain, top, header, query)] == [200] * 4
    assert nested.status_code == 400
    assert all(ask == engine.asked[0] for ask in engine.asked)
    assert engine.asked[0].key_id == "anna-id"


@pytest.mark.parametrize("model", ["/etc/passwd", "../small-model", "http://evil.test", "file:x"])
async def test_a_model_is_a_served_name_and_never_a_path(model: str) -> None:
    engine = ScriptedEngine()
    async with http(engine, guard_with(KeyRing(anna=ANNA))) as client:
        reply = await client.post(PATH, json=BODY | {"model": model}, headers=AS_ANNA)
    assert (reply.status_code, engine.asked) == (404, [])


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.evil.test", False),
    ],
)
def test_keys_are_asked_for_wherever_others_can_reach_the_server(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback
    assert wants_keys("auto", host) != loopback
    assert wants_keys("required", host)
    assert not wants_keys("off", host)


async def test_who_was_let_in_is_let_in_while_the_database_is_away_but_not_for_ever() -> None:
    ring, clock = KeyRing(anna=ANNA), FakeClock()
    keys = Keys(ring, clock=clock)
    assert await keys.read(AS_ANNA["authorization"]) == ANNA
    ring.broken = True
    clock.now += BELIEVED_IN_OUTAGE_S - 1
    assert await keys.read(AS_ANNA["authorization"]) == ANNA
    assert len(ring.asked) == 2
    with pytest.raises(StoreError):
        await keys.read("Bearer ft-bert-secret")
    clock.now += 1
    with pytest.raises(StoreError, match="the disk is full"):
        await keys.read(AS_ANNA["authorization"])
    ring.broken = False
    ring.keys.clear()
    with pytest.raises(Refusal):
        await keys.read(AS_ANNA["authorization"])
    ring.broken = True
    with pytest.raises(StoreError):
        await keys.read(AS_ANNA["authorization"])
