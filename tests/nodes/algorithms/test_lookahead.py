import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import (
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    cut_off,
    run_out,
    tools,
)
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.lookahead import LookaheadSearch
from forethought.nodes.algorithms.rollouts import MARK, roll_out
from forethought.nodes.errors import BackendError, BudgetSpent
from trees import all_steps_once, endings, random_says, texts

pytestmark = pytest.mark.anyio


async def test_a_step_is_ranked_by_the_score_at_the_end_of_its_rollout() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n"], ["a+\n\n", "b+\n\n"], ["\\boxed{1}", "\\boxed{2}"]
    )
    verifier = ScriptedVerifier([0.9, 0.1], [0.2, 0.8], [0.5, 0.5])
    searches = await run_out(LookaheadSearch(n=2, m=2, k=1), tools(generator, verifier))
    assert texts(searches[1]) == ["b\n\n"]
    assert searches[1].live[0][-1].score == 0.1  # its own, not the rollout's
    assert [a.sampling.temperature for a in generator.asked] == [0.8, 0.0, 0.8]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 2), (2, 1), (1, 2)]
    assert generator.asked[2].begun == ["b\n\n"]  # the rollout's text is not in the branch
    assert verifier.asked[1] == [["a", "a+"], ["b", "b+"]]
    assert endings(searches[-1]) == [("s1-0", "pruned"), ("s1-1.0", "whole"), ("s1-1.1", "whole")]
    assert searches[-1].generations == 4


async def test_a_rollout_stops_at_the_end_of_the_solution_and_is_kept_without_a_vote() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n"], ["\\boxed{3}", "b+\n\n"], ["b++\n\n"], ["\\boxed{1}", "\\boxed{2}"]
    )
    verifier = ScriptedVerifier([0.5, 0.5], [0.9, 0.4], [0.5, 0.5])
    searches = await run_out(LookaheadSearch(n=2, m=2, k=2), tools(generator, verifier))
    kept = searches[-1].candidates[0]
    assert (kept.key, kept.ending, kept.score, kept.votes) == ("s1-0~0", "rollout", 0.9, False)
    assert texts(searches[1]) == ["a\n\n"]
    assert [len(a.prompts) for a in generator.asked] == [1, 2, 1, 1]


async def test_a_rollout_that_breaks_off_ranks_by_as_far_as_it_came() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n"], [cut_off("a+"), "b+\n\n"], ["\\boxed{1}", "\\boxed{2}"]
    )
    verifier = ScriptedVerifier([0.6, 0.2], [0.5], [0.5, 0.5])
    searches = await run_out(LookaheadSearch(n=2, m=2, k=1), tools(generator, verifier))
    assert texts(searches[1]) == ["a\n\n"]


@pytest.mark.parametrize("error", [BackendError("gone"), BudgetSpent("tokens")])
async def test_rollouts_that_fail_leave_the_steps_their_own_scores(error: Exception) -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], error, ["\\boxed{1}", "\\boxed{2}"])
    verifier = ScriptedVerifier([0.2, 0.6], [0.5, 0.5])
    searches = await run_out(LookaheadSearch(n=2, m=2, k=1), tools(generator, verifier))
    assert texts(searches[1]) == ["b\n\n"]
    assert searches[-1].faults == (f"rollout: {error}",)


async def test_a_verifier_that_fails_at_the_rollouts_costs_no_branch() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n"], ["a+\n\n", "b+\n\n"], ["\\boxed{1}", "\\boxed{2}"]
    )
    verifier = ScriptedVerifier([0.2, 0.6], BackendError("down"), [0.5, 0.5])
    searches = await run_out(LookaheadSearch(n=2, m=2, k=1), tools(generator, verifier))
    assert texts(searches[1]) == ["b\n\n"]
    assert searches[-1].faults == ("verifier: down",)


async def test_the_last_round_closes_what_is_unfinished_and_rolls_nothing_out() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"])
    strategy = LookaheadSearch(n=2, m=2, k=1, max_rounds=1)
    searches = await run_out(strategy, tools(generator, FakeVerifier(lambda s: 0.5)))
    assert endings(searches[-1]) == [("s1-0", "rounds"), ("s1-1", "rounds")]


async def test_rollouts_need_a_verifier() -> None:
    with pytest.raises(ValueError, match="process verifier"):
        await roll_out(Search(), tools(ScriptedGenerator()), [], k=1)


@pytest.mark.parametrize(("n", "m", "k"), [(2, 4, 1), (4, 0, 1), (4, 4, -1)])
def test_numbers_out_of_range_are_refused(n: int, m: int, k: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        LookaheadSearch(n=n, m=m, k=k)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 9), m=st.integers(1, 4))
async def test_without_rollouts_it_is_beam_search(seed: int, n: int, m: int) -> None:
    ends: list[Search] = []
    for strategy in (
        LookaheadSearch(n=n, m=min(m, n), k=0, max_rounds=6),
        BeamSearch(n=n, m=min(m, n), max_rounds=6),
    ):
        rng = random.Random(seed)
        generator = FakeGenerator(random_says(rng))
        ends.append((await run_out(strategy, tools(generator, FakeVerifier(_by_length))))[-1])
    assert ends[0] == ends[1]


@given(seed=st.integers(0, 10_000), n=st.integers(1, 9), k=st.integers(0, 3))
async def test_every_step_of_the_beams_is_in_one_place(seed: int, n: int, k: int) -> None:
    rng = random.Random(seed)
    generator = FakeGenerator(random_says(rng))
    strategy = LookaheadSearch(n=n, m=min(3, n), k=k, max_rounds=6)
    last = (await run_out(strategy, tools(generator, FakeVerifier(_by_length))))[-1]
    beams = tuple(c for c in last.candidates if MARK not in c.key)
    generator.asked = [asked for asked in generator.asked if asked.sampling.temperature != 0]
    assert all_steps_once(Search(candidates=beams), generator)
    assert all(c.ending == "rollout" for c in last.candidates if MARK in c.key)
    assert last.generations <= strategy.generations == n * (k + 1)


def _by_length(steps: object) -> float:
    return (hash(str(steps)) % 1000) / 1000
