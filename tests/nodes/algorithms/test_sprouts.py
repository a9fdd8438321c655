import pytest

from fakes import FakeGenerator, ScriptedGenerator, said, tools
from forethought.nodes.algorithms.base import Branch, Search
from forethought.nodes.algorithms.sprouts import sprout
from forethought.nodes.backends.base import Sampled
from forethought.nodes.candidate import Step
from forethought.nodes.values import Sampling, Usage

pytestmark = pytest.mark.anyio
A: Branch = (Step(key="s1-0", parent=None, text="a"),)
B: Branch = (Step(key="s1-1", parent=None, text="b"),)
PLAIN = Sampling()


async def test_keys_are_unique_however_often_a_branch_is_named() -> None:
    generator = FakeGenerator(lambda prompt, number: str(number))
    grown = await sprout(Search(epoch=1), tools(generator), [A, B, A], n=2, sampling=PLAIN)
    assert [one.branch[-1].key for one in grown.sprouts] == [
        "s1-0.0",
        "s1-0.1",
        "s1-1.0",
        "s1-1.1",
        "s1-0.2",
        "s1-0.3",
    ]
    assert [one.branch[-1].parent for one in grown.sprouts][::2] == ["s1-0", "s1-1", "s1-0"]
    assert len(generator.asked) == 1


async def test_beginnings_are_numbered_on() -> None:
    generator = FakeGenerator(lambda prompt, number: str(number))
    grown = await sprout(Search(epoch=2), tools(generator), [(), ()], n=1, sampling=PLAIN, first=3)
    assert [one.branch[-1].key for one in grown.sprouts] == ["s2-3", "s2-4"]


async def test_a_branch_is_barren_only_where_none_of_its_requests_gave_anything() -> None:
    word = said("x", PLAIN)
    reply = Sampled(batches=((), (), (word,), ()), usage=Usage(calls=1), fault="cut off")
    grown = await sprout(
        Search(epoch=1), tools(ScriptedGenerator(reply)), [A, B, A, ()], n=1, sampling=PLAIN
    )
    assert grown.barren == (B,)
    assert grown.faults == ("cut off",)


async def test_text_is_told_under_the_key_of_its_step() -> None:
    told: list[tuple[str, str]] = []
    generator = FakeGenerator(lambda prompt, number: f"{prompt.prefix[-1].text}{number}")
    given = tools(generator, on_text=lambda key, text: told.append((key, text)))
    for sampling in (PLAIN, Sampling(seed=4)):
        told.clear()
        await sprout(Search(epoch=1), given, [A, A, B], n=1, sampling=sampling)
        assert sorted(key for key, _ in told) == ["s1-0.0", "s1-0.1", "s1-1.0"]


async def test_with_a_seed_each_place_of_a_branch_has_a_seed_of_its_own() -> None:
    generator = FakeGenerator(lambda prompt, number: str(number))
    sampling = Sampling(seed=4)
    grown = await sprout(Search(epoch=1), tools(generator), [A, A, B], n=2, sampling=sampling)
    assert [(len(a.prompts), a.sampling.seed) for a in generator.asked] == [(2, 4), (1, 6)]
    assert [one.branch[-1].key for one in grown.sprouts][2:4] == ["s1-0.2", "s1-0.3"]
