import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import (
    DeadVerifier,
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    cut_at_length,
    run_out,
    tools,
)
from forethought.nodes.algorithms.best_of_n import BestOfN

pytestmark = pytest.mark.anyio


async def test_draws_n_and_scores_the_whole_ones_by_their_last_step() -> None:
    generator = ScriptedGenerator(["a\n\nb", cut_at_length("c"), "d"])
    verifier = ScriptedVerifier([0.9, 0.2])
    search = (await run_out(BestOfN(n=3), tools(generator, verifier)))[-1]
    assert verifier.asked == [[["a", "b"], ["d"]]]
    assert [c.score for c in search.candidates] == [0.9, None, 0.2]
    assert [[s.score for s in c.steps] for c in search.candidates] == [[0.5, 0.9], [None], [0.2]]
    assert (search.generations, search.faults, search.done) == (3, (), True)


async def test_one_generator_call_and_one_verifier_call_a_wave() -> None:
    generator = FakeGenerator(lambda prompt, k: f"answer {k}")
    verifier = FakeVerifier(lambda steps: 0.5)
    await run_out(BestOfN(n=16, wave=4), tools(generator, verifier))
    assert len(generator.asked) == len(verifier.asked) == 3


async def test_a_verifier_that_fails_costs_the_scores_only() -> None:
    search = (await run_out(BestOfN(n=2), tools(ScriptedGenerator(["a", "b"]), DeadVerifier())))[-1]
    assert [(c.text, c.score) for c in search.candidates] == [("a", None), ("b", None)]
    assert search.faults == ("verifier: the verifier is down",)


async def test_a_solution_too_long_for_the_verifier_has_no_score_and_a_fault() -> None:
    given = tools(ScriptedGenerator(["a", "b"]), ScriptedVerifier([None, 0.7]))
    search = (await run_out(BestOfN(n=2), given))[-1]
    assert [c.score for c in search.candidates] == [None, 0.7]
    assert search.faults == ("verifier: 1 solutions are too long for it",)


@given(n=st.integers(1, 40), wave=st.none() | st.integers(1, 9))
async def test_keeps_every_candidate_and_costs_n(n: int, wave: int | None) -> None:
    strategy = BestOfN(n=n, wave=wave)
    generator = FakeGenerator(lambda prompt, k: f"answer {k}")
    search = (await run_out(strategy, tools(generator, FakeVerifier(lambda s: 0.5))))[-1]
    assert search.generations == strategy.generations == n
    assert [c.text for c in search.candidates] == [f"answer {k}" for k in range(n)]
