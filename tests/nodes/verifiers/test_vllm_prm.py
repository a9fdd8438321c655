from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fake_vllm import FakeVllm
from fakes import ask
from faults import WRONG_SHAPE, Cut, Die, Fault, Garble, Refuse
from forethought.nodes.backends.client import new_client
from forethought.nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendRejected,
    PromptTooLong,
)
from forethought.nodes.verifiers.prm_format import render_solution
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier

pytestmark = pytest.mark.anyio
SOLUTIONS = [["one", "two"], ["three"]]


def by_length(conversation: str, steps: tuple[str, ...]) -> float:
    return len(steps[-1]) / 10


@asynccontextmanager
async def connected(server: FakeVllm, model: str = "fake") -> AsyncIterator[VllmProcessVerifier]:
    with server:
        async with new_client(f"{server.url}/v1") as client:
            yield VllmProcessVerifier(client, model)


async def test_scores_every_step_of_all_solutions_in_one_request() -> None:
    server = FakeVllm(score=by_length)
    async with connected(server) as verifier:
        scored = await verifier.score(ask(), SOLUTIONS)
    assert scored.scores == ((0.3, 0.3), (0.5,))
    sent = server.sent("/pooling")
    assert [b["input"] for b in sent] == [[render_solution(ask(), s) for s in SOLUTIONS]]
    assert sent[0]["task"] == "token_classify"
    assert scored.usage.calls == 1
    assert scored.usage.verifier_tokens > 0
    assert verifier.model == "fake"


async def test_only_the_solution_that_is_too_long_gets_no_scores() -> None:
    server = FakeVllm(score=by_length, max_model_len=300)
    async with connected(server) as verifier:
        scored = await verifier.score(ask(), [["one"], ["x" * 400], ["three"]])
    assert scored.scores == ((0.3,), (), (0.5,))
    assert len(server.sent("/pooling")) <= 5  # all, then halves down to the one


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Refuse(), BackendError),
        (Refuse(status=400, body=b'{"error":{"message":"no"}}'), BackendRejected),
        (Garble(), BackendGarbled),
        (Garble(body=WRONG_SHAPE, content_type="application/json"), BackendGarbled),
        (Cut(after=0), BackendError),
        (Die(), BackendError),
        (
            Garble(
                body=b'{"data":[{"index":0,"data":[[0.5,0.5]]}],"usage":{"prompt_tokens":1}}',
                content_type="application/json",
            ),
            BackendGarbled,
        ),
    ],
)
async def test_what_fails_is_an_error_and_never_a_score(
    fault: Fault, error: type[BackendError]
) -> None:
    server = FakeVllm(score=by_length)
    server.fault("/pooling", fault)
    async with connected(server) as verifier:
        with pytest.raises(error) as raised:
            await verifier.score(ask(), SOLUTIONS)
    assert not isinstance(raised.value, PromptTooLong)
    assert server.url in str(raised.value)


async def test_another_model_than_the_served_one_is_refused() -> None:
    async with connected(FakeVllm(score=by_length), "other") as verifier:
        with pytest.raises(BackendRejected, match="404"):
            await verifier.score(ask(), SOLUTIONS)


async def test_another_number_of_scores_than_steps_is_garbled() -> None:
    server = FakeVllm(values=lambda text: [[0.5, 0.5]])
    async with connected(server) as verifier:
        with pytest.raises(BackendGarbled, match="1 scores for 2 steps"):
            await verifier.score(ask(), [["one", "two"]])


async def test_what_is_refused_whatever_it_holds_is_not_asked_piece_by_piece() -> None:
    server = FakeVllm(score=by_length)
    async with connected(server, "other") as verifier:
        with pytest.raises(BackendRejected):
            await verifier.score(ask(), SOLUTIONS)
    assert len(server.sent("/pooling")) == 1
