import random
from itertools import pairwise

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
from forethought.nodes.algorithms.rebase import Rebase
from forethought.nodes.errors import BackendError
from trees import all_steps_once, endings, random_says, texts

pytestmark = pytest.mark.anyio


def test_shares_are_rounded_up_best_first_from_what_is_left() -> None:
    # Softmax of 0.9, 0.7, 0.5, 0.1 at 0.2: 0.66, 0.24, 0.09, 0.01.
    assert Rebase(n=8).shares([0.9, 0.7, 0.5, 0.1], 8) == [6, 2, 0, 0]
    assert Rebase(n=4).shares([0.5, 0.5, 0.5, 0.5], 4) == [1, 1, 1, 1]
    assert Rebase(n=5).shares([0.5, 0.5, 0.5], 5) == [2, 2, 1]
    assert Rebase(n=4, t_b=0.001).shares([0.9, 0.1], 4) == [4, 0]
    assert Rebase(n=4, t_b=1000.0).shares([0.9, 0.1], 4) == [3, 1]


async def test_nodes_get_next_steps_in_proportion_and_ended_ones_take_their_places() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "\\boxed{1}", "c\n\n"],
        ["b1\n\n", "b2\n\n", "a1\n\n"],
        ["\\boxed{2}", "\\boxed{3}", "\\boxed{4}"],
    )
    verifier = ScriptedVerifier([0.7, 0.8, 0.1, 0.9], [0.5, 0.5, 0.5], [0.3, 0.2, 0.1])
    searches = await run_out(Rebase(n=4), tools(generator, verifier))
    assert generator.asked[1].begun == ["b\n\n", "b\n\n", "a\n\n"]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 4), (3, 1), (3, 1)]
    assert texts(searches[2]) == ["b\n\nb1\n\n", "b\n\nb2\n\n", "a\n\na1\n\n"]
    assert [e for _, e in endings(searches[-1])] == ["whole", "pruned", "whole", "whole", "whole"]
    assert all(a.sampling.temperature == 1.0 for a in generator.asked)
    assert searches[-1].generations == 4


async def test_the_last_round_closes_what_is_unfinished() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"])
    strategy = Rebase(n=2, max_rounds=1)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: 0.5)))
    assert endings(searches[-1]) == [("s1-0", "rounds"), ("s1-1", "rounds")]


async def test_a_verifier_that_fails_in_the_middle_keeps_what_was_found() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "b\n\n"], ["c\n\n"])
    verifier = ScriptedVerifier([0.5, 0.5], BackendError("down"))
    last = (await run_out(Rebase(n=2), tools(generator, verifier)))[-1]
    assert endings(last) == [("s1-0", "whole"), ("s1-1.0", "stopped")]


@pytest.mark.parametrize(("n", "t_b"), [(0, 0.2), (1, 0.0)])
def test_numbers_out_of_range_are_refused(n: int, t_b: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        Rebase(n=n, t_b=t_b)


@given(
    rewards=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    width=st.integers(1, 64),
    t_b=st.floats(0.05, 5),
)
def test_shares_add_up_to_the_width_and_better_nodes_get_no_less_by_more_than_rounding(
    rewards: list[float], width: int, t_b: float
) -> None:
    shares = Rebase(n=width, t_b=t_b).shares(sorted(rewards, reverse=True), width)
    assert sum(shares) == width
    assert all(share >= 0 for share in shares)
    assert all(better >= worse - 1 for better, worse in pairwise(shares))


@given(seed=st.integers(0, 10_000), n=st.integers(1, 9))
async def test_every_step_is_in_one_place_and_the_tree_is_never_wider_than_n(
    seed: int, n: int
) -> None:
    rng = random.Random(seed)
    generator = FakeGenerator(random_says(rng))
    strategy = Rebase(n=n, max_rounds=6)
    last = (await run_out(strategy, tools(generator, FakeVerifier(lambda s: rng.random()))))[-1]
    assert all_steps_once(last, generator)
    assert last.generations == strategy.generations == n
    assert sum(c.ending not in ("pruned", "rounds") for c in last.candidates) <= n
    assert all(len(a.prompts) * a.n <= n for a in generator.asked)
