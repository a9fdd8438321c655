"""A run's view of several generators, over fakes of them."""

import random

import pytest

from fakes import FakeGenerator, ScriptedGenerator, ask
from forethought.nodes.backends.base import Abilities, Generator, Prompt, Sampled
from forethought.nodes.backends.replicas.generator import ReplicatedGenerator, shared_abilities
from forethought.nodes.backends.replicas.load import Load
from forethought.nodes.backends.replicas.replicas import Replicas
from forethought.nodes.backends.replicas.roster import Roster
from forethought.nodes.backends.replicas.server import Identity, Opened
from forethought.nodes.candidate import Step
from forethought.nodes.errors import BackendError, PromptTooLong
from forethought.nodes.values import Completion, Sampling, Usage

pytestmark = pytest.mark.anyio
ROOT = Prompt(messages=ask().messages)
BEGUN = Prompt(messages=ask().messages, prefix=(Step(key="s", parent=None, text="First"),))


class Serving:
    """A server that is always there."""

    def __init__(self, generator: Generator, url: str) -> None:
        self._generator = generator
        self.url = url

    async def open(self) -> Opened[Generator]:
        return Opened(
            served=self._generator, identity=Identity(model=self._generator.abilities.model)
        )

    async def ping(self) -> None:
        return None

    async def load(self) -> Load | None:
        return None


async def view_of(*generators: Generator) -> ReplicatedGenerator:
    servers = [Serving(generator, f"server {k}") for k, generator in enumerate(generators)]
    roster: Roster[Generator] = Roster(servers, role="generator", chance=random.Random(0))
    await roster.opened()
    return ReplicatedGenerator(Replicas(roster))


def whole(text: str) -> Completion:
    return Completion(text=text, end="eos", n_tokens=1)


async def test_what_one_server_broke_off_is_drawn_by_another() -> None:
    cut = Completion(text="tw", end="cut", n_tokens=1)
    broken = Sampled(
        batches=((whole("one"), cut),), usage=Usage(calls=1), fault="the stream ended early"
    )
    one, other = ScriptedGenerator(broken), ScriptedGenerator(["two"])
    view = await view_of(one, other)
    sampled = await view.complete([ROOT], n=2, sampling=Sampling(seed=5))
    assert [c.text for c in sampled.batches[0]] == ["one", "two"]
    assert sampled.usage.calls == 2
    assert sampled.fault is not None and "0 are lost" in sampled.fault
    assert (other.asked[0].n, other.asked[0].sampling.seed) == (1, 7)


async def test_what_nobody_can_draw_again_is_kept_as_it_is() -> None:
    broken = Sampled(
        batches=((whole("one"),),), usage=Usage(calls=1), fault="the stream ended early"
    )
    view = await view_of(ScriptedGenerator(broken), ScriptedGenerator(BackendError("away")))
    sampled = await view.complete([ROOT], n=2, sampling=Sampling())
    assert sampled == broken


async def test_the_beginning_of_an_answer_is_continued_only_where_that_can_be_done() -> None:
    plain = FakeGenerator(lambda prompt, k: "no", Abilities(model="small"))
    able = FakeGenerator(lambda prompt, k: "yes", Abilities(model="small", continuation=True))
    view = await view_of(plain, able)
    assert view.abilities.continuation
    for _ in range(3):
        await view.complete([BEGUN], n=1, sampling=Sampling())
    await (await view_of(plain, able)).complete([ROOT], n=1, sampling=Sampling())
    assert (len(plain.asked), len(able.asked)) == (1, 3)


async def test_a_prompt_too_long_for_one_server_goes_to_one_that_reads_more() -> None:
    short = ScriptedGenerator(
        PromptTooLong("100 tokens"), abilities=Abilities(model="small", max_model_len=64)
    )
    long = ScriptedGenerator(["yes"], abilities=Abilities(model="small", max_model_len=128))
    view = await view_of(short, long)
    sampled = await view.complete([ROOT], n=1, sampling=Sampling())
    assert sampled.batches[0][0].text == "yes"
    assert view.abilities.max_model_len == 128


async def test_a_prompt_too_long_for_all_is_an_error() -> None:
    error = PromptTooLong("100 tokens")
    view = await view_of(ScriptedGenerator(error), ScriptedGenerator(error))
    with pytest.raises(PromptTooLong):
        await view.complete([ROOT], n=1, sampling=Sampling())


def test_a_group_can_do_what_one_of_it_can() -> None:
    one = Abilities(model="small", max_model_len=64, token_ids=True)
    other = Abilities(model="small", max_model_len=None, continuation=True)
    both = Abilities(model="small", token_ids=True, continuation=True)
    assert shared_abilities([one, other]) == both
