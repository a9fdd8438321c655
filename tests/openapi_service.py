"""The whole service in a thread, for clients that block: the real engine over a stand-in of vLLM, and a store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from fake_model import Say
from fake_vllm import FakeVllm
from forethought.server.app import create_app
from forethought.server.guard import guard_of
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.settings import Settings
from forethought.storage.keys import NewKey
from loopback import PATIENCE_S, Loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A running service."""

    url: str
    secret: str
    """An API key that it takes."""
    engine: LocalEngine
    generator: FakeVllm
    loopback: Loopback

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        reply = httpx2.get(f"{self.url}/openapi.json", headers=headers)
        document: dict[str, Any] = reply.raise_for_status().json()
        return document

    def ids(self) -> dict[str, str]:
        """Ask for a response, and return what is there to be read then, by the names of the paths."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        body = {"model": "forethought", "input": "What is 17 + 25?", "metadata": {"a": "b"}}
        reply = httpx2.post(f"{self.url}/v1/responses", json=body, headers=headers, timeout=60)
        made = reply.raise_for_status().json()["id"]
        return {
            "response_id": made,
            "trace_id": made.removeprefix("resp_"),
            "name": "forethought-high",
        }


class _Later:
    """An application that is made on the loop that serves it."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert self.app is not None
        await self.app(scope, receive, send)


def say_json_where_asked(prompt: str, k: int) -> str:
    """Answer a sum, in JSON where that is asked for."""
    words = "## Step 1: 17 + 25 = 42.\n\nThe final answer is: \\boxed{42}"
    return '{"sum": 42}' if "JSON" in prompt else words


@contextmanager
def opened_service(tmp_path: Path, say: Say, **settings: Any) -> Iterator[Opened]:
    """Serve inside the block."""
    later = _Later()
    with FakeVllm(say, max_model_len=16_384) as generator, Loopback(later) as loopback:
        chosen: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": "",
            "database_url": f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
            **settings,
        }

        opened: Future[tuple[LocalEngine, str]] = Future()
        ending = asyncio.Event()

        async def serve() -> None:
            async with AsyncExitStack() as stack:
                settings = Settings(**chosen)
                engine = await stack.enter_async_context(open_engine(settings))
                key = await engine.store.create_key(NewKey(name="anna"))
                guard = guard_of(settings, engine.store)
                app = create_app(engine, guard=guard, traces=engine.store, claims=engine.store)
                await stack.enter_async_context(app.router.lifespan_context(app))
                later.app = app
                opened.set_result((engine, key.secret))
                await ending.wait()

        serving = loopback.call(serve())
        serving.add_done_callback(lambda done: _fail_with(opened, done))
        engine, secret = opened.result(PATIENCE_S)
        try:
            yield Opened(
                url=loopback.url,
                secret=secret,
                engine=engine,
                generator=generator,
                loopback=loopback,
            )
        finally:
            loopback.call(_set(ending)).result(PATIENCE_S)
            serving.result(PATIENCE_S)


async def _set(event: asyncio.Event) -> None:
    event.set()


def _fail_with(opened: Future[Any], done: Future[None]) -> None:
    if not opened.done() and (error := done.exception()) is not None:
        opened.set_exception(error)
