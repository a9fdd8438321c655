import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fake_vllm import FakeVllm
from fakes import DeadVerifier, FakeVerifier
from forethought.nodes.backends.client import ModelServer, new_client
from forethought.nodes.errors import BackendError
from forethought.nodes.verifiers.base import step_verifier
from forethought.nodes.verifiers.registry import (
    VERIFIERS,
    VerifierFormat,
    find_format,
    scores_in,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(server: FakeVllm) -> AsyncIterator[ModelServer]:
    with server:
        async with new_client(f"{server.url}/v1") as client:
            yield client


def at(tag: str, *value: float) -> Any:
    return lambda text: [list(value)] * text.count(tag)


SERVERS: list[tuple[VerifierFormat, FakeVllm]] = [
    ("qwen-prm", FakeVllm(values=at("<extra_0>", 0.25, 0.75))),
    ("math-shepherd", FakeVllm(values=at("ки", math.log(3)))),
    ("step-head", FakeVllm(values=at("<extra_0>", math.log(3)))),
    ("outcome", FakeVllm(values=lambda text: [] if "extra" in text or "ки" in text else [[1.1]])),
]


@pytest.mark.parametrize(("name", "server"), SERVERS, ids=[name for name, _ in SERVERS])
async def test_finds_out_what_a_pooling_server_is(name: VerifierFormat, server: FakeVllm) -> None:
    async with connected(server) as client:
        assert await find_format(client, "fake") == name


async def test_a_server_that_scores_in_no_format_is_none_of_them() -> None:
    async with connected(FakeVllm(lambda prompt, k: "")) as client:
        assert await find_format(client, "fake") is None


@pytest.mark.parametrize(
    ("name", "granularity"),
    [
        ("qwen-prm", "step"),
        ("math-shepherd", "step"),
        ("step-head", "step"),
        ("last-head", "step"),
        ("outcome", "solution"),
        ("chat-prm", "step"),
        ("judge", "solution"),
    ],
)
async def test_every_format_says_what_it_scores(name: VerifierFormat, granularity: str) -> None:
    async with new_client("http://127.0.0.1:9/v1") as client:
        assert VERIFIERS[name](client, "m").granularity == granularity


async def test_a_server_that_does_not_answer_is_no_finding() -> None:
    with pytest.raises(BackendError):
        await scores_in(DeadVerifier())


def test_a_step_wise_search_needs_a_verifier_of_steps() -> None:
    verifier = FakeVerifier(lambda steps: 0.5)
    assert step_verifier(verifier) is verifier
    with pytest.raises(ValueError, match="process verifier, not None"):
        step_verifier(None)
    verifier.granularity = "solution"
    with pytest.raises(ValueError, match="'judge', which scores whole solutions only"):
        step_verifier(verifier)
