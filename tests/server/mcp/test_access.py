"""Who may call `/mcp`: Host and Origin headers, on loopback and behind a proxy."""

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.http_terms import HttpTerms
from forethought.server.mcp.access import Access, access_of
from forethought.server.settings import Settings
from loopback import Loopback

pytestmark = pytest.mark.anyio
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
NOWADAYS = {"MCP-Protocol-Version": "2026-07-28"}
PROXIED = Access(hosts=("think.example.com",), origins=("https://chat.example.com",))


async def status(access: Access | None, headers: dict[str, str], method: str = "POST") -> int:
    accept = {"Accept": "application/json, text/event-stream"}
    with Loopback(create_app(ScriptedEngine(), mcp_access=access)) as server:
        async with httpx2.AsyncClient(headers=accept | headers) as client:
            reply = await client.request(method, f"{server.url}/mcp", json=HELLO)
    return reply.status_code


@pytest.mark.parametrize("era", [{}, NOWADAYS])
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Host": "evil.example.com"}, 421),
        ({"Host": "127.0.0.1.evil.example.com:8000"}, 421),
        ({"Host": "think.example.com"}, 421),
        ({"Host": "evil.example.com", "X-Forwarded-Host": "localhost"}, 421),
        ({"Origin": "http://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_by_default_only_loopback_is_answered(
    era: dict[str, str], headers: dict[str, str], refused: int
) -> None:
    assert await status(None, era | headers) == refused


@pytest.mark.parametrize(
    "headers",
    [{}, {"Host": "localhost"}, {"Host": "[::1]:9000"}, {"Origin": "http://localhost:3000"}],
)
async def test_loopback_goes_by_all_its_names(headers: dict[str, str]) -> None:
    assert await status(None, headers) == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "think.example.com"}, 200),
        ({"Host": "think.example.com:8443"}, 200),
        ({"Host": "think.example.com", "Origin": "https://think.example.com"}, 200),
        ({"Host": "think.example.com", "Origin": "https://chat.example.com"}, 200),
        ({"Host": "think.example.com", "Origin": "https://evil.example.com"}, 403),
        ({"Host": "think.example.com.evil.example.com"}, 421),
    ],
)
async def test_behind_a_proxy_the_configured_names_are_answered(
    headers: dict[str, str], code: int
) -> None:
    assert await status(PROXIED, headers) == code


async def test_a_client_behind_a_proxy_calls_the_tool() -> None:
    with Loopback(create_app(ScriptedEngine(), mcp_access=PROXIED)) as server:
        async with httpx2.AsyncClient(headers={"Host": "think.example.com"}) as http:
            transport = streamable_http_client(f"{server.url}/mcp/", http_client=http)
            async with Client(transport, mode="legacy") as client:
                result = await client.call_tool("think", {"question": "2 + 2?"})
    assert not result.is_error


async def test_a_page_of_an_allowed_site_may_ask_first() -> None:
    asks = {
        "Origin": "https://chat.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,mcp-protocol-version",
    }
    with Loopback(create_app(ScriptedEngine(), mcp_access=PROXIED)) as server:
        async with httpx2.AsyncClient(headers=asks) as client:
            reply = await client.options(f"{server.url}/mcp")
            foreign = {"Origin": "https://evil.example.com"}
            refused = await client.options(f"{server.url}/mcp", headers=foreign)
    assert reply.headers["access-control-allow-origin"] == "https://chat.example.com"
    assert "access-control-allow-origin" not in refused.headers


async def test_there_is_no_stream_for_what_nobody_asked() -> None:
    assert await status(None, {}, "GET") == 405


async def test_a_large_body_is_refused() -> None:
    app = create_app(ScriptedEngine(), terms=HttpTerms(max_body_bytes=100))
    with Loopback(app) as server:
        async with httpx2.AsyncClient() as client:
            reply = await client.post(f"{server.url}/mcp", json=HELLO)
    assert reply.status_code == 413


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", ("127.0.0.1", "a.example.com", "b.example.com:8443")),
        ("0.0.0.0", ("a.example.com", "b.example.com:8443")),
        ("10.0.0.5", ("10.0.0.5", "a.example.com", "b.example.com:8443")),
    ],
)
def test_settings_name_the_hosts_and_the_bound_address_is_one(
    host: str, hosts: tuple[str, ...]
) -> None:
    settings = Settings(
        host=host,
        mcp_hosts="a.example.com, b.example.com:8443,",
        mcp_origins="https://chat.example.com",
    )
    assert access_of(settings) == Access(hosts=hosts, origins=("https://chat.example.com",))


def test_a_name_with_a_port_is_answered_at_that_port_alone() -> None:
    allowed = Access(hosts=("a.example.com:8443", "::2")).security()
    assert "a.example.com:8443" in allowed.allowed_hosts
    assert "a.example.com:*" not in allowed.allowed_hosts
    assert {"[::2]", "[::2]:*"} <= set(allowed.allowed_hosts)
    assert "https://a.example.com:8443" in allowed.allowed_origins
