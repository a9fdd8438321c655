import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import (
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    run_out,
    tools,
)
from forethought.nodes.algorithms.base import Search, Tools
from forethought.nodes.algorithms.particle_filtering import ParticleFiltering
from forethought.nodes.algorithms.resampling import Resampling
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Sampling
from trees import all_steps_once, endings, random_says, texts

pytestmark = pytest.mark.anyio


async def test_particles_are_resampled_by_the_softmax_of_the_logit_of_their_scores() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "c\n\n", "d\n\n"],
        ["b1\n\n", "b2\n\n", "b3\n\n", "d1\n\n"],
        ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}", "\\boxed{4}"],
    )
    # Odds of 1/9, 9, 1/9 and 9/7: systematic points fall on b, b, b and d.
    verifier = ScriptedVerifier([0.1, 0.9, 0.1, 0.5625], [0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.9, 0.3])
    strategy = ParticleFiltering(n=4, resampling="systematic")
    searches = await run_out(strategy, tools(generator, verifier))
    assert texts(searches[1]) == ["a\n\n", "b\n\n", "c\n\n", "d\n\n"]
    assert generator.asked[1].begun == ["b\n\n", "b\n\n", "b\n\n", "d\n\n"]
    assert [s.key for b in searches[2].live for s in b[1:]] == [
        "s1-1.0",
        "s1-1.1",
        "s1-1.2",
        "s1-3.0",
    ]
    assert [e for _, e in endings(searches[2])] == ["pruned", "pruned"]
    assert all(a.sampling.temperature == 0.8 and a.sampling.top_p == 1.0 for a in generator.asked)
    assert [len(a.prompts) for a in generator.asked] == [1, 4, 4]
    assert searches[-1].generations == 4


async def test_finished_particles_take_part_and_hold_their_places_without_copies() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"])
    # Open ones are scored first: b is hopeless, the finished one takes both places.
    verifier = ScriptedVerifier([0.0, 1.0])
    searches = await run_out(ParticleFiltering(n=2), tools(generator, verifier))
    assert searches[-1].held == ("s1-0", "s1-0")
    assert endings(searches[-1]) == [("s1-0", "whole"), ("s1-1", "pruned")]
    assert len(generator.asked) == 1


async def test_a_finished_particle_that_is_not_drawn_stays_a_candidate() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"], ["\\boxed{2}", "\\boxed{3}"])
    verifier = ScriptedVerifier([1.0, 0.0], [0.4, 0.6])
    searches = await run_out(ParticleFiltering(n=2), tools(generator, verifier))
    assert searches[2].held == ("s1-1.0", "s1-1.1")
    assert [e for _, e in endings(searches[-1])] == ["whole", "whole", "whole"]


async def test_the_last_round_closes_what_is_unfinished() -> None:
    generator = ScriptedGenerator(["a\n\n"], ["b\n\n"])
    strategy = ParticleFiltering(n=1, max_rounds=2)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: 0.5)))
    assert endings(searches[-1]) == [("s1-0.0", "rounds")]


async def test_a_verifier_that_fails_in_the_middle_keeps_what_was_found() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"], ["c\n\n", "d\n\n"])
    verifier = ScriptedVerifier([1.0, 0.0], BackendError("down"))
    last = (await run_out(ParticleFiltering(n=2), tools(generator, verifier)))[-1]
    assert endings(last) == [("s1-0", "whole"), ("s1-1.0", "stopped"), ("s1-1.1", "stopped")]
    assert last.faults == ("verifier: down",)


async def test_a_new_epoch_forgets_the_places_of_the_last_one() -> None:
    generator = ScriptedGenerator(["a\n\n"])
    given_ = tools(generator, FakeVerifier(lambda s: 0.5))
    before = Search(epoch=2, held=("s1-0",))
    assert (await ParticleFiltering(n=1).advance(before, given_)).held == ()


async def test_each_round_has_its_own_chance_and_the_same_tools_the_same() -> None:
    given_ = tools(ScriptedGenerator())
    rounds = [Search(epoch=1, rounds=i) for i in range(3)]

    def fresh() -> Tools:
        return replace(given_, rng=random.Random(5))

    points = [fresh().chance(search).random() for search in rounds]
    assert len(set(points)) == 3
    assert points == [fresh().chance(search).random() for search in rounds]


async def test_with_a_seed_places_of_one_particle_get_seeds_of_their_own() -> None:
    generator = FakeGenerator(lambda prompt, number: f"{len(prompt.prefix)}{number}\n\n")
    given_ = tools(
        generator, FakeVerifier(lambda s: 0.99 if s[0] == "00" else 0.0), sampling=Sampling(seed=1)
    )
    search = await ParticleFiltering(n=3).advance(Search(epoch=1), given_)
    search = await ParticleFiltering(n=3).advance(search, given_)
    assert [b[-1].key for b in search.live] == ["s1-0.0", "s1-0.1", "s1-0.2"]
    assert len({asked.sampling.seed for asked in generator.asked[1:]}) == 3


def test_there_is_at_least_one_particle() -> None:
    with pytest.raises(ValueError, match="n must be"):
        ParticleFiltering(n=0)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 8),
    resampling=st.sampled_from(["multinomial", "systematic"]),
)
async def test_every_step_is_in_one_place_and_n_places_at_most_are_held(
    seed: int, n: int, resampling: Resampling
) -> None:
    rng = random.Random(seed)
    generator = FakeGenerator(random_says(rng))
    strategy = ParticleFiltering(n=n, resampling=resampling, max_rounds=6)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: rng.random())))
    assert all_steps_once(searches[-1], generator)
    assert searches[-1].generations == strategy.generations == n
    assert all(len(s.live) + len(s.held) <= n for s in searches)
    assert all(len(a.prompts) * a.n <= n for a in generator.asked)
    assert max(Counter(c.key for c in searches[-1].candidates).values()) == 1
