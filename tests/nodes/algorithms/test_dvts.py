import random

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
from forethought.nodes.algorithms.dvts import DiverseVerifierTreeSearch
from forethought.nodes.errors import BackendError
from trees import all_steps_once, endings, random_says, texts

pytestmark = pytest.mark.anyio


async def test_each_subtree_follows_its_own_best_however_good_the_others_are() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "c\n\n", "d\n\n"],
        ["b1\n\n", "b2\n\n", "c1\n\n", "c2\n\n"],
        ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}", "\\boxed{4}"],
    )
    verifier = ScriptedVerifier([0.8, 0.9, 0.2, 0.1], [0.7, 0.9, 0.3, 0.1], [0.6, 0.5, 0.4, 0.3])
    searches = await run_out(DiverseVerifierTreeSearch(n=4, m=2), tools(generator, verifier))
    assert [texts(s) for s in searches] == [
        [],
        ["b\n\n", "c\n\n"],
        ["b\n\nb2\n\n", "c\n\nc1\n\n"],
        [],
    ]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 4), (2, 2), (2, 2)]
    assert len(verifier.asked) == 3
    whole = [c for c in searches[-1].candidates if c.whole]
    assert [c.text[-8:] for c in whole] == ["boxed{1}", "boxed{2}", "boxed{3}", "boxed{4}"]
    assert searches[-1].generations == 4


async def test_a_whole_sibling_that_is_not_the_best_is_given_up() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"], ["\\boxed{2}", "\\boxed{3}"])
    verifier = ScriptedVerifier([0.9, 0.2], [0.5, 0.5])
    # The open step is scored first, so the ended one has 0.2 and is not followed.
    searches = await run_out(DiverseVerifierTreeSearch(n=2, m=2), tools(generator, verifier))
    assert endings(searches[-1]) == [
        ("s1-0", "pruned"),
        ("s1-1.0", "whole"),
        ("s1-1.1", "whole"),
    ]


async def test_a_subtree_whose_best_step_ends_emits_all_its_last_siblings() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"])
    verifier = ScriptedVerifier([0.2, 0.9])
    searches = await run_out(DiverseVerifierTreeSearch(n=2, m=2), tools(generator, verifier))
    assert endings(searches[-1]) == [("s1-0", "whole"), ("s1-1", "pruned")]
    assert len(generator.asked) == 1


async def test_a_subtree_ends_where_no_step_can_be_followed() -> None:
    generator = ScriptedGenerator(["", "", "c\n\n", "d\n\n"], ["\\boxed{1}", "\\boxed{2}"])
    verifier = ScriptedVerifier([0.2, 0.9], [0.1, 0.2])
    searches = await run_out(DiverseVerifierTreeSearch(n=4, m=2), tools(generator, verifier))
    assert [e for _, e in endings(searches[-1])] == ["empty", "empty", "pruned", "whole", "whole"]


async def test_the_last_round_closes_what_is_unfinished() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"])
    strategy = DiverseVerifierTreeSearch(n=2, m=2, max_rounds=1)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: 0.5)))
    assert endings(searches[-1]) == [("s1-0", "rounds"), ("s1-1", "rounds")]


async def test_a_verifier_that_fails_in_the_middle_keeps_what_was_found() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], ["\\boxed{1}", "c\n\n"])
    verifier = ScriptedVerifier([0.9, 0.1], BackendError("down"))
    searches = await run_out(DiverseVerifierTreeSearch(n=2, m=2), tools(generator, verifier))
    last = searches[-1]
    assert endings(last) == [("s1-1", "pruned"), ("s1-0.0", "whole"), ("s1-0.1", "stopped")]
    assert last.faults == ("verifier: down",)


@pytest.mark.parametrize(("n", "m"), [(6, 4), (2, 4), (4, 0)])
def test_n_is_a_multiple_of_m(n: int, m: int) -> None:
    with pytest.raises(ValueError, match="multiple of m"):
        DiverseVerifierTreeSearch(n=n, m=m)


@given(seed=st.integers(0, 10_000), trees=st.integers(1, 4), m=st.integers(1, 4))
async def test_every_step_is_in_one_place_and_at_most_n_answers_come(
    seed: int, trees: int, m: int
) -> None:
    rng = random.Random(seed)
    generator = FakeGenerator(random_says(rng))
    strategy = DiverseVerifierTreeSearch(n=trees * m, m=m, max_rounds=6)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: rng.random())))
    assert all_steps_once(searches[-1], generator)
    assert searches[-1].generations <= strategy.generations
    assert sum(c.whole for c in searches[-1].candidates) <= strategy.n
    assert all(len(search.live) <= trees for search in searches)
