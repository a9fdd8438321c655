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
    cut_at_length,
    found,
    run_out,
    tools,
)
from forethought.nodes.algorithms.mixed import Mixed
from forethought.nodes.algorithms.selection import chains_of, select
from forethought.nodes.errors import BackendError
from trees import random_says

pytestmark = pytest.mark.anyio


async def test_chains_are_drawn_at_once_and_lengthened_side_by_side() -> None:
    generator = ScriptedGenerator(
        ["\\boxed{1}", "\\boxed{2}"], ["\\boxed{3}", "\\boxed{4}"], ["\\boxed{5}", "\\boxed{6}"]
    )
    verifier = ScriptedVerifier([0.1, 0.2], [0.3, 0.4], [0.5, 0.6])
    last = (await run_out(Mixed(chains=2, length=3), tools(generator, verifier)))[-1]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 2), (2, 1), (2, 1)]
    assert last.generations == Mixed(chains=2, length=3).generations == 6
    assert [[c.text for c in chain] for chain in chains_of(last.candidates)] == [
        ["\\boxed{1}", "\\boxed{3}", "\\boxed{5}"],
        ["\\boxed{2}", "\\boxed{4}", "\\boxed{6}"],
    ]
    assert {c.origin for c in last.candidates} == {"search"}
    assert "Attempt 2:\n\\boxed{3}" in generator.asked[2].prompts[0].messages[-1].content


async def test_only_the_window_is_in_the_context() -> None:
    generator = ScriptedGenerator(*([f"\\boxed{{{i}}}"] for i in range(4)))
    strategy = Mixed(chains=1, length=4, window=2, selection="majority")
    last = (await run_out(strategy, tools(generator)))[-1]
    assert len(last.candidates[-1].attempts) == 2
    assert "\\boxed{0}" not in generator.asked[3].prompts[0].messages[-1].content
    assert len(chains_of(last.candidates)) == 1


async def test_a_cut_attempt_is_kept_but_not_shown() -> None:
    generator = ScriptedGenerator(["\\boxed{0}"], [cut_at_length("hm")], ["\\boxed{2}"])
    last = (await run_out(Mixed(chains=1, length=3), tools(generator)))[-1]
    assert [c.ending for c in last.candidates] == ["whole", "length", "whole"]
    assert last.candidates[2].attempts == ("search-0",)


async def test_a_chain_ends_with_a_first_answer_that_is_none() -> None:
    generator = ScriptedGenerator(["", "\\boxed{1}"], ["\\boxed{2}"])
    last = (await run_out(Mixed(chains=2, length=2), tools(generator)))[-1]
    assert last.generations == 3
    generator = ScriptedGenerator([""])
    assert len(await run_out(Mixed(chains=1, length=2), tools(generator))) == 2


async def test_a_verifier_that_fails_in_the_middle_keeps_what_was_found() -> None:
    generator = ScriptedGenerator(["\\boxed{0}"], ["\\boxed{1}"])
    verifier = ScriptedVerifier([0.5], BackendError("down"))
    last = (await run_out(Mixed(chains=1, length=2), tools(generator, verifier)))[-1]
    assert [c.score for c in last.candidates] == [0.5, None]
    assert last.faults == ("verifier: down",)


def test_the_choice_is_made_inside_each_chain_and_then_across() -> None:
    chain = [found("a", "1", 0.6), found("b", "2", 0.5), found("c", "2", 0.4)]
    chain[1] = replace(chain[1], attempts=("a",))
    chain[2] = replace(chain[2], attempts=("a", "b"))
    others = [found("d", "1", 0.3), found("e", "3", 0.55)]
    # Flat: 0.9 for 1 and 2 each. In the chain 2 wins with b, which then loses to e.
    verdict = select([*chain, *others], "hierarchical")
    assert verdict.winner == "e"
    assert {m for group in verdict.groups for m in group.members} == {"b", "d", "e"}
    unscored = [replace(c, score=None) for c in (*chain, *others)]
    assert select(unscored, "hierarchical").selection == "majority"


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        Mixed(chains=0, length=1)


@given(seed=st.integers(0, 10_000), chains=st.integers(1, 4), length=st.integers(1, 4))
async def test_every_answer_is_one_candidate_and_the_cost_is_chains_times_length_at_most(
    seed: int, chains: int, length: int
) -> None:
    rng = random.Random(seed)
    generator = FakeGenerator(random_says(rng))
    strategy = Mixed(chains=chains, length=length)
    last = (await run_out(strategy, tools(generator, FakeVerifier(lambda s: rng.random()))))[-1]
    sampled = sum(len(a.prompts) * a.n for a in generator.asked)
    assert len(last.candidates) == sampled == last.generations <= strategy.generations
    assert max(Counter(c.key for c in last.candidates).values()) == 1
