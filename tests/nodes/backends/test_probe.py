from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fake_vllm import FakeVllm
from faults import Garble, Refuse
from forethought.nodes.backends.base import Abilities
from forethought.nodes.backends.client import ModelServer, new_client
from forethought.nodes.backends.probe import (
    examine_generator,
    probe_generator,
    served_models,
)
from forethought.nodes.errors import BackendError, BackendGarbled, BackendRejected

pytestmark = pytest.mark.anyio


def able() -> FakeVllm:
    return FakeVllm(
        lambda prompt, k: "Yes.",
        score=lambda conversation, steps: 0.5,
        judge=lambda query, item: 0.5,
        model="small",
        max_model_len=999,
    )


@asynccontextmanager
async def connected(server: FakeVllm) -> AsyncIterator[ModelServer]:
    with server:
        async with new_client(f"{server.url}/v1", timeout_s=20) as client:
            yield client


async def test_finds_out_what_every_start_needs() -> None:
    async with connected(able()) as client:
        assert await served_models(client) == {"small": 999}
        assert await probe_generator(client, None) == Abilities(
            model="small", max_model_len=999, token_ids=True, continuation=True
        )
        assert await probe_generator(client, "small") == await probe_generator(client, None)


async def test_examines_everything() -> None:
    server = able()
    async with connected(server) as client:
        known = await examine_generator(client, None)
        assert client.root == server.url
    assert (known.continuation, known.generative_scoring) == (True, True)


@pytest.mark.parametrize("continues", [True, False])
async def test_what_the_server_refuses_it_cannot_do(continues: bool) -> None:
    server = able()
    for path in ["/tokenize", "/v1/chat/completions", "/generative_scoring"][
        : 1 if continues else 3
    ]:
        server.fault(path, Refuse(status=404))
    async with connected(server) as client:
        known = await probe_generator(client, None)
        assert (known.token_ids, known.continuation) == (False, continues)
        assert (await examine_generator(client, None)).generative_scoring is continues


async def test_an_unknown_model_is_named_beside_the_served_ones() -> None:
    async with connected(able()) as client:
        with pytest.raises(BackendRejected, match="serves small, not 'big'"):
            await probe_generator(client, "big")


async def test_a_server_that_serves_nothing_or_nonsense_is_an_error() -> None:
    server = able()
    empty = b'{"object": "list", "data": []}'
    server.fault("/v1/models", Garble(body=empty, content_type="application/json"), at=1)
    server.fault("/v1/models", Garble(), at=2)
    async with connected(server) as client:
        with pytest.raises(BackendError, match="serves no model"):
            await probe_generator(client, None)
        with pytest.raises(BackendGarbled):
            await probe_generator(client, None)
        server.die()
        with pytest.raises(BackendError, match="could not be reached"):
            await served_models(client)
