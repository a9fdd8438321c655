from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fake_vllm import FakeVllm
from fakes import ask
from forethought.nodes.errors import BackendRejected
from forethought.server.settings import Settings
from forethought.server.upstreams import Upstreams

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def upstreams(**settings: Any) -> AsyncIterator[Upstreams]:
    it = Upstreams(Settings(**settings))
    yield it
    await it.close()


def pairs(text: str) -> list[list[float]]:
    return [[0.4, 0.6]] * text.count("<extra_0>")


async def test_the_format_is_the_one_that_is_set() -> None:
    with FakeVllm(values=lambda text: [[0.0]]) as server:
        url = f"{server.url}/v1"
        async with upstreams(verifier_url=url, verifier_format="outcome") as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert verifier.granularity == "solution"
            assert (await verifier.score(ask(), [["a", "b"]])).scores == ((0.5,),)


async def test_a_server_of_another_format_is_a_fault_that_names_it() -> None:
    with FakeVllm(values=pairs) as server:
        url = f"{server.url}/v1"
        async with upstreams(verifier_url=url, verifier_format="math-shepherd") as it:
            with pytest.raises(BackendRejected, match="does not score as math-shepherd does"):
                await it.verifier()


async def test_auto_asks_the_server() -> None:
    with FakeVllm(values=pairs) as server:
        async with upstreams(verifier_url=f"{server.url}/v1", verifier_format="auto") as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert (await verifier.score(ask(), [["a"]])).scores == ((0.6,),)
    with FakeVllm(lambda prompt, k: "") as server:
        async with upstreams(verifier_url=f"{server.url}/v1", verifier_format="auto") as it:
            with pytest.raises(BackendRejected, match="scores in no known format"):
                await it.verifier()


async def test_the_judge_is_the_generator_where_no_verifier_is_set() -> None:
    tops = {"Yes": 0.8, "No": 0.2}
    with FakeVllm(lambda prompt, k: "", tops=lambda prompt: tops) as server:
        url = f"{server.url}/v1"
        async with upstreams(generator_url=url, verifier_format="judge") as it:
            verifier = await it.verifier()
            assert verifier is not None
            scored = await verifier.score(ask(), [["a"]])
            assert list(scored.scores[0]) == pytest.approx([0.8])
    with FakeVllm(tops=lambda prompt: tops, model="other") as server:
        async with upstreams(
            generator_url="http://127.0.0.1:9/v1",
            verifier_url=f"{server.url}/v1",
            verifier_format="judge",
        ) as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert verifier.model == "other"
