from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ScriptedGenerator, SimpleEquality, tools
from forethought.nodes.algorithms.adaptive_consistency import AdaptiveConsistency
from forethought.nodes.algorithms.base import Search, Strategy
from forethought.nodes.algorithms.esc import EarlyStoppingSelfConsistency
from forethought.nodes.algorithms.stopping import count_decided, is_unanimous, leader_holds
from forethought.nodes.algorithms.windows import windows_of
from forethought.nodes.backends.base import Sampled
from forethought.nodes.equality.read import read_answers
from forethought.nodes.values import Usage

pytestmark = pytest.mark.anyio


async def run(strategy: Strategy, generator: ScriptedGenerator, begun: int = 0) -> Search:
    """Run a strategy to its end, reading answers between rounds."""
    search = Search(epoch=1, generations=begun)
    while not search.done:
        after = await strategy.advance(search, tools(generator))
        new = after.candidates[len(search.candidates) :]
        read = await read_answers(new, "number", SimpleEquality())
        search = replace(after, candidates=search.candidates + read)
    return search


def one_by_one(answers: str) -> ScriptedGenerator:
    return ScriptedGenerator(*([f"\\boxed{{{a}}}"] for a in answers))


def in_windows(*windows: str) -> ScriptedGenerator:
    return ScriptedGenerator(*([f"\\boxed{{{a}}}" for a in window] for window in windows))


async def test_adaptive_consistency_stops_at_the_beta_rule_exactly() -> None:
    # P(p > 1/2 | Beta(a + 1, b + 1)): 15/16 at 3:0, 31/32 at 4:0.
    assert leader_holds(3, 0) == pytest.approx(15 / 16)
    assert leader_holds(4, 0) == pytest.approx(31 / 32)
    generator = one_by_one("1111")
    last = await run(AdaptiveConsistency(), generator)
    assert (last.generations, last.decided, generator.left) == (4, True, 0)
    # At 5:1 it is 1 - 8/128 = 0.9375, at 6:1 1 - 9/256 = 0.965.
    assert leader_holds(5, 1) == pytest.approx(1 - 8 / 128)
    assert leader_holds(6, 1) == pytest.approx(1 - 9 / 256)
    last = await run(AdaptiveConsistency(), one_by_one("1211111"))
    assert last.generations == 7


async def test_adaptive_consistency_draws_n_at_most() -> None:
    generator = one_by_one("1212")
    last = await run(AdaptiveConsistency(n=4), generator)
    assert (last.generations, last.decided) == (4, False)


async def test_only_the_two_largest_counts_bear_on_the_rule() -> None:
    assert not count_decided(list("1112"))
    assert count_decided(list("1111"))
    assert not count_decided([None] * 9)
    assert count_decided([*"1111", *[None] * 9])


async def test_esc_stops_at_the_first_unanimous_window() -> None:
    generator = in_windows("11211", "33333")
    last = await run(EarlyStoppingSelfConsistency(), generator)
    assert (last.generations, last.rounds, last.decided) == (10, 3, True)
    assert [a.n for a in generator.asked] == [5, 5]


async def test_esc_counts_a_window_of_its_own_only() -> None:
    # The last four of the first window and the first of the second agree: no window does.
    generator = in_windows("21111", "12222", "2")
    last = await run(EarlyStoppingSelfConsistency(n=11), generator)
    assert (last.generations, last.decided) == (11, False)


async def test_a_sample_that_never_came_or_says_nothing_is_no_consent() -> None:
    missing = Sampled(batches=((),), usage=Usage(calls=1), fault="cut off")
    generator = ScriptedGenerator(missing, ["\\boxed{?}"] * 2, ["\\boxed{1}"] * 2)
    last = await run(EarlyStoppingSelfConsistency(n=6, w=2), generator)
    assert last.generations == 6
    assert not is_unanimous(["1", None], 2)
    assert not is_unanimous(["1"], 2)


async def test_an_earlier_strategy_is_no_window_of_this_one() -> None:
    generator = in_windows("11")
    last = await run(EarlyStoppingSelfConsistency(n=4, w=2), generator, begun=6)
    assert [c.key for c in last.candidates] == ["search-6", "search-7"]
    assert [len(w) for w in windows_of(replace(last, rounds=1), 4, 2)] == [2]


@pytest.mark.parametrize("strategy", [AdaptiveConsistency, EarlyStoppingSelfConsistency])
def test_numbers_out_of_range_are_refused(
    strategy: type[AdaptiveConsistency] | type[EarlyStoppingSelfConsistency],
) -> None:
    with pytest.raises(ValueError, match="must be"):
        strategy(n=0)
    with pytest.raises(ValueError, match="must be"):
        strategy(w=0)


@given(answers=st.text("123", min_size=12, max_size=12), w=st.integers(1, 5))
async def test_the_draw_is_a_beginning_of_the_answers_and_ends_where_the_rule_says(
    answers: str, w: int
) -> None:
    windows = [answers[i : i + w] for i in range(0, 12, w)]
    for strategy in (AdaptiveConsistency(n=12, w=w), EarlyStoppingSelfConsistency(n=12, w=w)):
        last = await run(strategy, in_windows(*windows))
        drawn = [c.answer_key for c in last.candidates]
        assert drawn == list(answers)[: len(drawn)]
        assert last.generations == len(drawn) <= strategy.generations
        if isinstance(strategy, AdaptiveConsistency):
            stops = [count_decided(drawn[: i + w]) for i in range(0, len(drawn), w)]
        else:
            stops = [is_unanimous(drawn[i : i + w], w) for i in range(0, len(drawn), w)]
        assert not any(stops[:-1])
        assert len(drawn) == 12 or stops[-1]
