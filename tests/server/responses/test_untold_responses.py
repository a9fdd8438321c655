"""A key that keeps no texts: its runs are answered and counted, and nothing of them can be read back."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import openai
import pytest

from fake_vllm import FakeVllm
from forethought.server.app import create_app
from forethought.server.guard import open_guard
from forethought.server.keys import Keys
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.keys import NewKey
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Service:
    client: openai.AsyncOpenAI
    store: Store


@asynccontextmanager
async def service(tmp_path: Path, *, texts: bool) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        said = "## Step 1: 17 + 25 = 42.\n\nThe final answer is: \\boxed{42}"
        generator = stack.enter_context(FakeVllm(lambda prompt, k: said))
        settings = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url="",  # else the one at the default address is asked, where one runs
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        )
        engine = await stack.enter_async_context(open_engine(settings))
        secret = (await engine.store.create_key(NewKey(name="anna", texts=texts))).secret
        guard = replace(open_guard(), keys=Keys(engine.store))
        app = create_app(engine, traces=engine.store, guard=guard)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=secret, max_retries=0)
        stack.push_async_callback(client.close)
        yield Service(client=client, store=engine.store)


async def test_a_response_without_texts_says_so_when_it_is_read_or_continued(
    tmp_path: Path,
) -> None:
    async with service(tmp_path, texts=False) as it:
        first = await it.client.responses.create(model="forethought", input="What is 17 + 25?")
        with pytest.raises(openai.BadRequestError) as continued:
            await it.client.responses.create(
                model="forethought", input="Sure?", previous_response_id=first.id
            )
        with pytest.raises(openai.NotFoundError) as read:
            await it.client.responses.retrieve(first.id)
        with pytest.raises(openai.NotFoundError) as items:
            await it.client.responses.input_items.list(first.id)
        await it.store.drain()
        detail = await it.store.read_trace(first.id.removeprefix("resp_"))
    assert "42" in first.output_text
    assert continued.value.code == "previous_response_texts_not_kept"
    assert "its key keeps none" in str(continued.value)
    assert (read.value.code, items.value.code) == ("texts_not_kept", "texts_not_kept")
    told = repr((detail.trace, detail.steps, detail.candidates, detail.votes, detail.calls))
    assert "17 + 25" not in told
    assert "boxed" not in told
    assert detail.trace.texts == "never"
    assert detail.trace.completion_tokens and detail.candidates


async def test_a_key_that_keeps_texts_goes_on_as_ever(tmp_path: Path) -> None:
    async with service(tmp_path, texts=True) as it:
        first = await it.client.responses.create(model="forethought", input="What is 17 + 25?")
        second = await it.client.responses.create(
            model="forethought", input="Sure?", previous_response_id=first.id
        )
        read = await it.client.responses.retrieve(first.id)
    assert (second.previous_response_id, read.output_text) == (first.id, first.output_text)
