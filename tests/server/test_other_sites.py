"""Pages of other sites: what their browser is told, by default and where they are listed."""

from typing import Any

import httpx2
import pytest

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.other_sites import listed_origins
from forethought.server.settings import Settings

pytestmark = pytest.mark.anyio
PATH = "/v1/chat/completions"
PAGE = "https://chat.example.com"
BODY: dict[str, Any] = {
    "model": "forethought",
    "messages": [{"role": "user", "content": "What is 17 + 25?"}],
}


def client(engine: ScriptedEngine, *origins: str) -> httpx2.AsyncClient:
    app = create_app(engine, origins=origins)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://think:8000")


async def test_by_default_a_page_of_another_site_is_refused_before_any_run() -> None:
    engine = ScriptedEngine()
    async with client(engine) as http:
        # a browser sends this without asking first, since it is a "simple" request
        headers = {"origin": PAGE, "content-type": "text/plain"}
        reply = await http.post(PATH, json=BODY, headers=headers)
        listing = await http.get("/v1/models", headers={"origin": PAGE})
        asked = await http.options(
            PATH, headers={"origin": PAGE, "access-control-request-method": "POST"}
        )
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert [listing.status_code, asked.status_code] == [403, 403]
    assert "access-control-allow-origin" not in asked.headers
    assert engine.asked == []


@pytest.mark.parametrize("origin", [None, "http://think:8000"])
async def test_programs_and_pages_of_its_own_ask_as_ever(origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    async with client(ScriptedEngine()) as http:
        reply = await http.post(PATH, json=BODY, headers=headers)
    assert reply.status_code == 200
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("stream", [False, True])
async def test_a_listed_page_may_ask_first_and_read_replies(stream: bool) -> None:
    async with client(ScriptedEngine(), PAGE) as http:
        first = await http.options(
            PATH,
            headers={
                "origin": PAGE,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type",
            },
        )
        reply = await http.post(PATH, json=BODY | {"stream": stream}, headers={"origin": PAGE})
        other = await http.post(PATH, json=BODY, headers={"origin": "https://other.example"})
    assert first.status_code == 200
    assert first.headers["access-control-allow-origin"] == PAGE
    assert "authorization" in first.headers["access-control-allow-headers"]
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == PAGE
    assert "X-Forethought-Trace-Id" in reply.headers["access-control-expose-headers"]
    assert other.status_code == 403


def test_origins_are_listed_in_one_variable() -> None:
    assert listed_origins("") == ()
    assert listed_origins(f" {PAGE}/ ,http://localhost:3000") == (PAGE, "http://localhost:3000")


@pytest.mark.parametrize("wrong", ["*", "chat.example.com", "https://a.example/path"])
def test_what_is_no_origin_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Settings(cors_origins=wrong)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("think:8000", 421),
        ("evil.example:8000", 421),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("localhost", 200),
        ("chat.example.com", 200),
    ],
)
async def test_a_server_on_loopback_answers_to_known_names_alone(host: str, status: int) -> None:
    app = create_app(ScriptedEngine(), names=("chat.example.com",))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as http:
        reply = await http.get("/v1/models", headers={"host": host})
        open_path = await http.get("/healthz", headers={"host": host})
    assert reply.status_code == status
    assert open_path.status_code == 200
    if status == 421:
        assert reply.json()["error"]["code"] == "host_not_known"
