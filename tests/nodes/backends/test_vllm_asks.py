"""What strategies of their own kind ask of vLLM: log-probabilities, and texts that nobody sampled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chatml import END, START, decode, encode
from fake_vllm import FakeVllm
from fakes import ask
from forethought.nodes.backends.base import Abilities, Prompt
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.candidate import Step
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio
ROOT = Prompt(messages=ask("6x7?").messages)
RENDERED = f"{START}user\n6x7?{END}\n{START}assistant\n"
COMPLETIONS, CHATS = "/v1/completions", "/v1/chat/completions"


@asynccontextmanager
async def connected(server: FakeVllm, *, token_ids: bool) -> AsyncIterator[VllmGenerator]:
    abilities = Abilities(model="fake", token_ids=token_ids, continuation=True)
    with server:
        async with new_client(f"{server.url}/v1", timeout_s=20) as client:
            yield VllmGenerator(client, abilities, retry_pauses_s=(0.0, 0.0))


async def test_a_step_that_nobody_sampled_is_tokenised_and_the_others_are_not() -> None:
    prefix = (
        Step(key="0", parent=None, text="?", token_ids=tuple(encode("aa"))),
        Step(key="0+", parent="0", text="Wait", n_tokens=0),
        Step(key="0+.0", parent="0+", text=""),
    )
    server = FakeVllm(lambda prompt, k: "b")
    async with connected(server, token_ids=True) as generator:
        prompt = Prompt(messages=ROOT.messages, prefix=prefix)
        await generator.complete([prompt], n=1, sampling=Sampling())
    (body,) = server.sent(COMPLETIONS)
    assert [decode(ids) for ids in body["prompt"]] == [f"{RENDERED}aaWait"]
    asked = [b for b in server.sent("/tokenize") if "prompt" in b]
    assert [(b["prompt"], b["add_special_tokens"]) for b in asked] == [("Wait", False)]


@pytest.mark.parametrize(
    ("logprobs", "completions", "chat"),
    [
        (None, {}, {}),
        (0, {"logprobs": 0}, {"logprobs": True, "top_logprobs": 0}),
        (5, {"logprobs": 5}, {"logprobs": True, "top_logprobs": 5}),
    ],
)
async def test_log_probabilities_are_asked_for_where_a_strategy_wants_them(
    logprobs: int | None, completions: dict[str, int], chat: dict[str, int]
) -> None:
    for token_ids, path, expected in ((True, COMPLETIONS, completions), (False, CHATS, chat)):
        server = FakeVllm(lambda prompt, k: "b")
        async with connected(server, token_ids=token_ids) as generator:
            await generator.complete([ROOT], n=1, sampling=Sampling(logprobs=logprobs))
        (body,) = server.sent(path)
        assert {k: v for k, v in body.items() if "logprobs" in k} == expected
