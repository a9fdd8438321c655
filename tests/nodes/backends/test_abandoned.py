"""What a call had brought when it was given up is counted, by the budget and in the trace."""

import asyncio

import pytest

from fake_vllm import FakeVllm
from fakes import ask
from faults import Gate, Hold
from forethought.nodes.backends.abandoned import hearing_abandoned, tell_abandoned
from forethought.nodes.backends.base import Abilities, Prompt
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.metered import MeteredGenerator
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.budget import Budget, Meter
from forethought.nodes.values import Sampling, Usage

pytestmark = pytest.mark.anyio
ROOT = Prompt(messages=ask().messages)


def test_every_listener_hears_it_and_none_after_its_block() -> None:
    outer: list[Usage] = []
    inner: list[Usage] = []
    spent = Usage(calls=1, completion_tokens=3)
    with hearing_abandoned(outer.append):
        with hearing_abandoned(inner.append):
            tell_abandoned(spent)
        tell_abandoned(spent)
    tell_abandoned(spent)
    assert (outer, inner) == ([spent, spent], [spent])


@pytest.mark.parametrize("token_ids", [True, False])
async def test_a_stream_that_is_cancelled_counts_with_what_it_had_brought(token_ids: bool) -> None:
    gate = Gate()
    with FakeVllm(lambda prompt, k: "a" * 80, piece=8) as server:
        path = "/v1/completions" if token_ids else "/v1/chat/completions"
        server.fault(path, Hold(gate, after=4))
        async with new_client(f"{server.url}/v1") as client:
            abilities = Abilities(model="fake", token_ids=token_ids)
            meter = Meter(Budget(generations=4))
            generator = MeteredGenerator(VllmGenerator(client, abilities), meter)
            came = asyncio.Event()

            def on_text(_: int, __: int, text: str) -> None:
                told.append(text)
                if len(told) == 3:
                    came.set()

            told: list[str] = []
            asking = asyncio.create_task(
                generator.complete([ROOT], n=1, sampling=Sampling(), on_text=on_text)
            )
            await came.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            server.heal()
            await server.idle()
    assert meter.usage.calls == 1
    # With ids every token is known; without, a frame counts as one.
    assert meter.usage.completion_tokens >= (24 if token_ids else 3)
