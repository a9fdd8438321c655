from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import (
    ABLE,
    DeadVerifier,
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    SimpleEquality,
    boxed,
    found,
    tools,
)
from forethought.nodes.algorithms.base import Search, Tools
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.marginal_rule import Rule
from forethought.nodes.candidate import Candidate
from forethought.nodes.equality.read import read_answers
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio
NEVER_SURE = MarginalGain(n=12, share=2.0, floor=0.0, slope=0.0)


async def run(strategy: MarginalGain, given: Tools, begun: int = 0) -> Search:
    """Run a strategy to its end, reading answers between rounds."""
    search = Search(epoch=1, generations=begun, began=begun)
    while not search.done:
        after = await strategy.advance(search, given)
        new = after.candidates[len(search.candidates) :]
        read = await read_answers(new, "number", SimpleEquality())
        search = replace(after, candidates=search.candidates + read)
    return search


def pilot(*scores: float, answer: str = "1") -> tuple[Candidate, ...]:
    return tuple(found(f"pilot-{i}", answer, score) for i, score in enumerate(scores))


def always(text: str) -> FakeGenerator:
    """Return a generator that says one text, in pieces where it is asked for them."""
    return FakeGenerator(
        lambda prompt, k: text.removeprefix("".join(step.text for step in prompt.prefix))
    )


async def test_waves_grow_to_n() -> None:
    generator, verifier = always("\\boxed{1}"), FakeVerifier(lambda steps: 0.5)
    last = await run(NEVER_SURE, replace(tools(generator, verifier), pilot=pilot(*[0.5] * 4)))
    assert [a.n for a in generator.asked] == [2, 2, 4, 4]
    assert [len(solutions) for solutions in verifier.asked] == [2, 2, 4, 4]
    assert (last.generations, last.done, last.decided, last.gave_up) == (12, True, False, False)
    assert [c.key for c in last.candidates] == [f"search-{i}" for i in range(12)]


async def test_the_pilot_is_weighed_and_a_sure_one_costs_nothing_more() -> None:
    generator = ScriptedGenerator()
    given = replace(tools(generator, ScriptedVerifier()), pilot=pilot(0.5, 0.5))
    last = await run(MarginalGain(n=8, share=1.0, weight=1.0), given)
    assert (last.generations, last.decided, last.gave_up, last.candidates) == (0, True, False, ())
    assert generator.asked == []


async def test_the_draw_ends_when_the_leader_is_sure() -> None:
    generator = always("\\boxed{1}")
    given = replace(tools(generator, FakeVerifier(lambda s: 0.5)), pilot=pilot(0.5, answer="2"))
    strategy = replace(NEVER_SURE, share=0.75, weight=1.5)
    last = await run(strategy, given)
    # Of 1 sample 0 of 0.5; of 3 1 of 1.5, of 5 2 of 2.5, of 7 3 of 3.5.
    assert (last.generations, last.rounds, last.decided) == (4, 3, True)
    assert last.share == pytest.approx(1 / 1.5)


@pytest.mark.parametrize(("price", "begun"), [(0.0, 12), (0.01, 4), (0.005, 8), (0.04, 4)])
async def test_the_draw_ends_when_more_is_not_worth_its_price(price: float, begun: int) -> None:
    given = replace(
        tools(always("\\boxed{1}"), FakeVerifier(lambda s: 0.5)), pilot=pilot(*[0.5] * 4)
    )
    last = await run(replace(NEVER_SURE, n=8, gain=0.04, price=price), given)
    assert 4 + last.generations == begun
    assert last.gave_up == (begun < 12)
    assert not last.decided


async def test_beginnings_below_the_bar_are_cut() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], [boxed(1)])
    verifier = ScriptedVerifier([0.125, 0.75], [0.5])
    strategy = MarginalGain(n=2, share=2.0, floor=0.25, scarce=0.0)
    last = await run(strategy, tools(generator, verifier))
    assert [(c.key, c.ending) for c in last.candidates] == [("s1-1.0", "whole"), ("s1-0", "pruned")]
    assert (last.generations, last.rounds) == (2, 1)
    assert generator.left == verifier.left == 0


async def test_the_bar_rises_with_the_leader() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], [boxed(1)])
    verifier = ScriptedVerifier([0.25, 0.4375], [0.5])
    strategy = MarginalGain(n=2, share=2.0, floor=0.0, slope=0.25, scarce=0.0)
    given = replace(tools(generator, verifier), pilot=pilot(0.875, 0.625))
    last = await run(strategy, given)
    assert [c.ending for c in last.candidates] == ["whole", "pruned"]


@pytest.mark.parametrize(("scarce", "requests"), [(0.5, 2), (0.51, 1)])
async def test_where_low_beginnings_are_scarce_none_is_asked_for(
    scarce: float, requests: int
) -> None:
    low = await _low_beginning()
    generator = always(boxed(1, "a"))
    given = replace(
        tools(generator, FakeVerifier(lambda steps: 0.5)), pilot=(low, *pilot(0.75, answer="2"))
    )
    strategy = MarginalGain(n=2, share=2.0, floor=0.25, slope=0.0, scarce=scarce)
    last = await run(strategy, given)
    assert len(generator.asked) == requests
    assert all(c.whole for c in last.candidates)


async def _low_beginning() -> Candidate:
    """Return a whole answer of two steps, the first of which scored 0.125."""
    made = found("pilot-9", "1", 0.5, text=boxed(1, "a"))
    first, last = made.steps
    return replace(made, steps=(replace(first, score=0.125), replace(last, score=0.5)))


async def test_without_a_verifier_votes_are_counted_and_nothing_is_cut() -> None:
    generator = always(boxed(1, "a"))
    strategy = MarginalGain(n=12, share=0.75, weight=4.0, floor=0.5, scarce=0.0)
    last = await run(strategy, tools(generator))
    assert [(len(a.prompts), a.sampling.stop) for a in generator.asked] == [(1, ()), (1, ())]
    assert (last.generations, last.decided) == (4, True)


async def test_without_continuation_nothing_is_cut() -> None:
    generator = FakeGenerator(lambda prompt, k: boxed(1, "a"), replace(ABLE, continuation=False))
    strategy = MarginalGain(n=2, floor=0.5, scarce=0.0)
    last = await run(strategy, tools(generator, FakeVerifier(lambda steps: 0.25)))
    assert [c.ending for c in last.candidates] == ["whole", "whole"]
    assert [a.sampling.stop for a in generator.asked] == [()]


async def test_a_dead_verifier_leaves_the_samples_and_a_fault_each_time_it_was_asked() -> None:
    strategy = MarginalGain(n=2, share=2.0, floor=0.5, scarce=0.0)
    last = await run(strategy, tools(always(boxed(1, "a")), DeadVerifier()))
    assert [c.ending for c in last.candidates] == ["whole", "whole"]
    assert last.faults == ("verifier: the verifier is down",) * 2


async def test_an_earlier_plan_counts_as_drawn_but_not_against_n() -> None:
    generator = always("\\boxed{1}")
    last = await run(
        replace(NEVER_SURE, n=4), tools(generator, FakeVerifier(lambda s: 0.5)), begun=6
    )
    assert [a.n for a in generator.asked] == [2, 2]
    assert (last.generations, last.gave_up) == (10, False)
    assert [c.key for c in last.candidates] == [f"search-{i}" for i in range(6, 10)]


@pytest.mark.parametrize(("floor", "seeds"), [(0.0, [70, 72]), (0.25, [70, 70, 72, 72])])
async def test_seeds_move_on_with_the_samples(floor: float, seeds: list[int]) -> None:
    generator = FakeGenerator(lambda prompt, k: "x" if prompt.prefix else f"{k}\n\n")
    given = tools(generator, FakeVerifier(lambda s: 0.5), sampling=Sampling(seed=70))
    await run(replace(NEVER_SURE, n=4, floor=floor, scarce=0.0), given)
    assert [a.sampling.seed for a in generator.asked] == seeds


async def test_a_wave_that_finds_nothing_raises() -> None:
    with pytest.raises(BackendError, match="down"):
        await run(NEVER_SURE, tools(ScriptedGenerator(BackendError("down"))))


def test_the_rule_is_all_numbers_but_n_and_the_price() -> None:
    assert MarginalGain(n=3, price=0.1).rule == Rule()
    numbers = {"gain": 1.0, "share": 2.0, "weight": 3.0, "trend": 4.0, "floor": 5.0}
    rule = Rule(**numbers, slope=6.0, scarce=7.0)
    assert MarginalGain(n=3, **numbers, slope=6.0, scarce=7.0).rule == rule
    assert MarginalGain(n=3).generations == 3


@pytest.mark.parametrize(("n", "price"), [(0, 0.0), (-1, 0.0), (4, -0.1)])
def test_numbers_out_of_range_are_refused(n: int, price: float) -> None:
    with pytest.raises(ValueError, match="n must be 1 or more and price 0 or more"):
        MarginalGain(n=n, price=price)


@settings(max_examples=60)
@given(
    answers=st.text("12?", min_size=30, max_size=30),
    n=st.integers(1, 24),
    begun=st.integers(0, 6),
    share=st.sampled_from([0.5, 0.75, 2.0]),
    price=st.sampled_from([0.0, 0.005, 0.01, 0.04]),
    floor=st.sampled_from([0.0, 0.25]),
)
async def test_a_search_ends_for_one_reason_and_keeps_all_that_it_begun(
    answers: str, n: int, begun: int, share: float, price: float, floor: float
) -> None:
    generator = FakeGenerator(
        lambda prompt, k: "\\boxed{1}" if prompt.prefix else boxed(answers[k], f"{k}")
    )
    given = replace(
        tools(generator, FakeVerifier(lambda steps: 0.125 if "2" in steps[0] else 0.5)),
        pilot=pilot(0.5),
    )
    strategy = MarginalGain(n=n, share=share, price=price, floor=floor, scarce=0.0)
    last = await run(strategy, given, begun)
    assert last.generations - begun == len(last.candidates) <= n
    assert len({c.key for c in last.candidates}) == len(last.candidates)
    assert not (last.decided and last.gave_up)
    assert last.decided or last.gave_up or len(last.candidates) == n
    assert len(generator.asked) <= 2 * last.rounds
    assert generator.usage.completion_tokens == sum(c.n_tokens for c in last.candidates)
