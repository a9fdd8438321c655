import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeGenerator, ScriptedGenerator, cut_at_length, cut_off, run_out, tools
from forethought.nodes.algorithms.budget_forcing import BudgetForcing
from forethought.nodes.values import Sampling
from trees import endings

pytestmark = pytest.mark.anyio
LIMIT = Sampling(max_tokens=60)


def forcing(n: int = 1, cap: int = 20, waits: int = 0) -> BudgetForcing:
    return BudgetForcing(n=n, max_thinking_tokens=cap, waits=waits, answer_tokens=20)


async def test_thinking_that_ends_by_itself_is_answered() -> None:
    generator = ScriptedGenerator(["<think>hm</think>"], ["\n\n\\boxed{1}"])
    last = (await run_out(forcing(), tools(generator, sampling=LIMIT)))[-1]
    assert [(c.text, c.thinking, c.ending) for c in last.candidates] == [
        ("\\boxed{1}", "hm", "whole")
    ]
    assert [a.sampling.stop for a in generator.asked] == [("</think>",), ()]
    assert [a.sampling.max_tokens for a in generator.asked] == [20, 60 - 17]
    assert last.generations == 1


async def test_thinking_that_reaches_the_cap_is_closed_for_it() -> None:
    generator = ScriptedGenerator(["<think>" + "a" * 40], ["\\boxed{1}"])
    last = (await run_out(forcing(), tools(generator, sampling=LIMIT)))[-1]
    assert generator.asked[1].begun == ["<think>" + "a" * 13 + "\n</think>\n\n"]
    assert last.candidates[0].thinking == "a" * 13
    appended = generator.asked[1].prompts[0].prefix[-1]
    assert (appended.n_tokens, appended.token_ids) == (0, None)


async def test_the_end_of_thinking_is_put_off_as_often_as_asked() -> None:
    generator = ScriptedGenerator(
        ["<think>a</think>"], [", b</think>"], [", c</think>"], ["\\boxed{1}"]
    )
    last = (await run_out(forcing(cap=40, waits=2), tools(generator, sampling=LIMIT)))[-1]
    assert [a.begun[0] for a in generator.asked[1:]] == [
        "<think>aWait",
        "<think>aWait, bWait",
        "<think>aWait, bWait, c</think>",
    ]
    assert generator.asked[1].prompts[0].prefix[0].token_ids is None
    assert last.candidates[0].thinking == "aWait, bWait, c"
    assert last.candidates[0].n_tokens == 16 + 11 + 11 + 9  # every sampled token counts


async def test_thinking_that_just_ends_is_put_off_and_then_closed() -> None:
    generator = ScriptedGenerator(["<think>a"], ["b"], ["\\boxed{1}"])
    await run_out(forcing(cap=40, waits=1), tools(generator, sampling=LIMIT))
    assert [a.begun[0] for a in generator.asked[1:]] == [
        "<think>aWait",
        "<think>aWaitb\n</think>\n\n",
    ]


async def test_samples_wait_for_each_other_before_they_answer() -> None:
    generator = ScriptedGenerator(
        ["<think>a</think>", cut_at_length("<think>bcdef")],
        ["</think>"],
        ["\\boxed{1}", "\\boxed{2}"],
    )
    strategy = BudgetForcing(n=2, max_thinking_tokens=40, waits=0, answer_tokens=20)
    generator_ = tools(generator, sampling=LIMIT)
    search = (await run_out(strategy, generator_))[-1]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 2), (1, 1), (2, 1)]
    assert search.generations == 2
    assert [c.ending for c in search.candidates] == ["whole", "whole"]


async def test_a_sample_without_tags_did_not_think() -> None:
    generator = ScriptedGenerator(["\\boxed{1}"])
    last = (await run_out(forcing(), tools(generator, sampling=LIMIT)))[-1]
    assert endings(last) == [("s1-0", "whole")]


async def test_what_breaks_off_is_kept_and_an_answer_at_its_limit_is_cut() -> None:
    generator = ScriptedGenerator(["<think>a</think>", cut_off("<think>b")], ["c" * 90])
    last = (await run_out(forcing(n=2), tools(generator, sampling=LIMIT)))[-1]
    assert endings(last) == [("s1-1", "stopped"), ("s1-0.0", "length")]


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        BudgetForcing(n=0)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 4),
    cap=st.integers(1, 50),
    waits=st.integers(0, 3),
)
async def test_no_sample_thinks_beyond_its_cap_or_writes_beyond_its_limit(
    seed: int, n: int, cap: int, waits: int
) -> None:
    rng = random.Random(seed)
    pieces = ["<think>aaaa</think>", "<think>", "b" * 30, "c</think>", "\\boxed{1}", ""]
    generator = FakeGenerator(lambda prompt, number: rng.choice(pieces))
    strategy = forcing(n, cap, waits)
    last = (await run_out(strategy, tools(generator, sampling=LIMIT)))[-1]
    assert last.generations == strategy.generations == len(last.candidates) == n
    for asked in generator.asked:
        thinking = asked.sampling.stop != ()
        for prompt in asked.prompts:
            before = sum(step.n_tokens or 0 for step in prompt.prefix)
            most = strategy.cap(60) if thinking else 60
            assert before + asked.sampling.max_tokens <= max(most, before + 1)
    assert all(c.n_tokens <= 60 + 1 for c in last.candidates)
    assert all(_waits(c.steps) <= waits for c in last.candidates)


def _waits(steps: object) -> int:
    return str(steps).count("text='Wait'")
