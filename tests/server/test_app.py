from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import openai
import pytest
from fastapi import FastAPI

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from loopback import Loopback

pytestmark = pytest.mark.anyio


def http(engine: ScriptedEngine) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(create_app(engine), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


async def test_the_openai_client_lists_the_models() -> None:
    with Loopback(create_app(ScriptedEngine())) as server:
        url = f"{server.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
            names = [model.id async for model in client.models.list()]
            assert names[:2] == ["small-model", "forethought"]
            assert (await client.models.retrieve("forethought")).id == "forethought"
            with pytest.raises(openai.NotFoundError, match="not served") as caught:
                await client.models.retrieve("org/unknown")
    assert caught.value.code == "model_not_found"


async def test_a_model_name_may_hold_a_slash() -> None:
    engine = ScriptedEngine()
    engine.model = "org/small"
    async with http(engine) as client:
        assert (await client.get("/v1/models/org/small")).json()["id"] == "org/small"


async def test_the_process_is_up_even_when_it_is_not_ready() -> None:
    engine = ScriptedEngine(unready=("the generator does not answer",))
    async with http(engine) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        reply = await client.get("/readyz")
        assert (reply.status_code, reply.json()["reasons"]) == (
            503,
            ["the generator does not answer"],
        )
        engine.unready = ()
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
    ],
)
async def test_a_wrong_path_or_method_is_an_openai_error(
    method: str, path: str, status: int, code: str
) -> None:
    async with http(ScriptedEngine()) as client:
        reply = await client.request(method, path)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["type"]) == (
        status,
        code,
        "invalid_request_error",
    )
    assert ("allow" in reply.headers) == (status == 405)


async def test_an_error_of_ours_tells_nobody_its_insides() -> None:
    class Broken(ScriptedEngine):
        async def ready(self) -> list[str]:
            raise KeyError("secret")

    async with http(Broken()) as client:
        reply = await client.get("/readyz")
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in reply.text


async def test_the_lifespan_is_the_callers() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    with Loopback(create_app(ScriptedEngine(), lifespan=lifespan)):
        assert seen == ["up"]
    assert seen == ["up", "down"]
