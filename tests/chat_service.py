"""The whole service over stand-ins of its model servers, and what its openai client reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai

from fake_model import Say, Score
from fake_vllm import FakeVllm
from forethought.server.app import create_app
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.store import Store
from forethought.storage.views import TraceDetail

HEADER = "x-forethought-trace-id"


@dataclass(slots=True)
class Told:
    """A choice, put together from a stream."""

    content: str = ""
    thinking: str = ""
    calls: list[dict[str, str]] = field(default_factory=list)
    finish_reason: str | None = None


@dataclass(frozen=True)
class ChatService:
    """A running service."""

    generator: FakeVllm
    verifier: FakeVllm | None
    client: openai.AsyncOpenAI
    database: str
    drain: Callable[[], Awaitable[None]]

    async def ask(self, text: str, effort: str = "low", **body: Any) -> Any:
        asked: dict[str, Any] = {"model": "forethought", "reasoning_effort": effort}
        asked |= {"messages": [{"role": "user", "content": text}]} | body
        return await self.client.chat.completions.create(**asked)

    async def stream(self, text: str, effort: str = "low", **body: Any) -> list[Told]:
        """Return the choices of a stream, and check the order of its parts."""
        choices: dict[int, Told] = {}
        async for chunk in await self.ask(text, effort, stream=True, **body):
            for choice in chunk.choices:
                read_delta(choices.setdefault(choice.index, Told()), choice)
        return [choices[index] for index in range(len(choices))]

    async def newest_trace(self) -> TraceDetail:
        await self.drain()
        store = await Store.open(self.database)
        try:
            newest = await store.list_traces(1)
            return await store.read_trace(newest[0].id)
        finally:
            await store.close()


def read_delta(told: Told, choice: Any) -> None:
    assert told.finish_reason is None, "a delta after the end of its choice"
    thinking = (choice.delta.model_extra or {}).get("reasoning_content") or ""
    assert not thinking or not (told.content or told.calls), "thinking after the answer"
    told.thinking += thinking
    told.content += choice.delta.content or ""
    for piece in choice.delta.tool_calls or ():
        if piece.index == len(told.calls):
            assert piece.type == "function"
            told.calls.append({"id": piece.id, "name": piece.function.name, "arguments": ""})
        assert piece.index == len(told.calls) - 1, "pieces of calls out of order"
        told.calls[piece.index]["arguments"] += piece.function.arguments
    told.finish_reason = choice.finish_reason


@asynccontextmanager
async def chat_service(
    tmp_path: Path, say: Say, score: Score | None = None, **settings: Any
) -> AsyncIterator[ChatService]:
    """Run the service; everything it stored is readable when the block has ended."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(say, max_model_len=16_384))
        verifier = stack.enter_context(FakeVllm(score=score, model="prm")) if score else None
        chosen: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": f"{verifier.url}/v1" if verifier else "",
            "database_url": database,
        } | settings
        engine = await stack.enter_async_context(open_engine(Settings(**chosen)))
        url = await stack.enter_async_context(served(create_app(engine), "127.0.0.1", 0))
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=60)
        stack.push_async_callback(client.close)
        yield ChatService(generator, verifier, client, database, engine.store.drain)
