import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fake_vllm import FakeVllm
from fakes import ask
from faults import Refuse
from forethought.nodes.backends.client import new_client
from forethought.nodes.errors import BackendError
from forethought.nodes.verifiers.outcome import OutcomeVerifier

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(server: FakeVllm) -> AsyncIterator[OutcomeVerifier]:
    with server:
        async with new_client(f"{server.url}/v1") as client:
            yield OutcomeVerifier(client, "fake")


@pytest.mark.parametrize("head", [[math.log(3)], [0.0, math.log(3)], [0.25, 0.75]])
async def test_scores_a_solution_once_through_the_servers_own_template(head: list[float]) -> None:
    server = FakeVllm(values=lambda text: [head])
    async with connected(server) as verifier:
        scored = await verifier.score(ask(), [["a", "b"]])
    assert list(scored.scores[0]) == pytest.approx([0.75])
    assert (verifier.granularity, verifier.model) == ("solution", "fake")
    assert server.sent("/classify") == [
        {
            "model": "fake",
            "messages": [
                {"role": "user", "content": "What is 6 x 7?"},
                {"role": "assistant", "content": "a\n\nb"},
            ],
            "add_generation_prompt": False,
            "use_activation": False,
        }
    ]


async def test_a_solution_that_is_too_long_gets_no_score() -> None:
    server = FakeVllm(values=lambda text: [[0.0]], max_model_len=100)
    async with connected(server) as verifier:
        scored = await verifier.score(ask(), [["a"], ["x" * 200]])
    assert scored.scores == ((0.5,), ())
    assert scored.usage.calls == 2


async def test_what_fails_is_an_error() -> None:
    server = FakeVllm(values=lambda text: [[0.0]])
    server.fault("/classify", Refuse())
    async with connected(server) as verifier:
        with pytest.raises(BackendError):
            await verifier.score(ask(), [["a"]])
