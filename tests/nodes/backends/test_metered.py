import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import (
    FakeClock,
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ask,
    found,
)
from forethought.nodes.backends.base import Prompt
from forethought.nodes.backends.metered import MeteredGenerator, MeteredVerifier
from forethought.nodes.budget import Budget, Meter
from forethought.nodes.errors import BackendError, BackendTimeout, BudgetSpent
from forethought.nodes.values import Question, Sampling
from forethought.nodes.verifiers.base import Granularity, Scored

pytestmark = pytest.mark.anyio
PROMPT = Prompt(messages=ask().messages)


async def test_without_limits_a_call_goes_through_as_it_is_and_is_counted() -> None:
    inner, meter = FakeGenerator(lambda prompt, k: "four"), Meter(Budget(generations=1))
    generator = MeteredGenerator(inner, meter)
    sampled = await generator.complete([PROMPT], n=3, sampling=Sampling(), timeout_s=7.0)
    assert len(sampled.batches[0]) == 3
    assert (inner.asked[0].n, inner.asked[0].sampling, inner.asked[0].timeout_s) == (
        3,
        Sampling(),
        7.0,
    )
    assert meter.usage == inner.usage
    assert generator.abilities == inner.abilities


@given(
    tokens=st.integers(0, 900),
    prompts=st.integers(1, 6),
    n=st.integers(1, 9),
    max_tokens=st.integers(1, 300),
    length=st.integers(0, 400),
    answers=st.lists(st.integers(0, 300), max_size=3),
)
async def test_never_generates_more_tokens_than_are_left(
    tokens: int, prompts: int, n: int, max_tokens: int, length: int, answers: list[int]
) -> None:
    inner = FakeGenerator(lambda prompt, k: "x" * length)
    meter = Meter(Budget(generations=1, tokens=tokens))
    meter.count(0, [found("a", n_tokens=answer) for answer in answers])
    generator = MeteredGenerator(inner, meter)
    for _ in range(20):
        try:
            await generator.complete(
                [PROMPT] * prompts, n=n, sampling=Sampling(max_tokens=max_tokens)
            )
        except BudgetSpent as spent:
            assert spent.resource == "tokens"
            assert meter.tokens_left is not None
            assert 0 <= meter.tokens_left < prompts
            break
        assert inner.asked[-1].n <= n
        assert 1 <= inner.asked[-1].sampling.max_tokens <= max_tokens
    assert meter.usage.completion_tokens <= tokens


async def test_draws_fewer_where_the_tokens_do_not_do_for_all() -> None:
    inner, meter = FakeGenerator(lambda prompt, k: "x"), Meter(Budget(generations=9, tokens=100))
    meter.count(0, [found("a", n_tokens=40)])
    await MeteredGenerator(inner, meter).complete([PROMPT], n=8, sampling=Sampling())
    assert (inner.asked[0].n, inner.asked[0].sampling.max_tokens) == (2, 50)


async def test_a_call_lasts_until_the_deadline_at_most() -> None:
    clock, inner = FakeClock(), FakeGenerator(lambda prompt, k: "x")
    generator = MeteredGenerator(inner, Meter(Budget(generations=9, deadline_s=10.0), clock))
    clock.now += 4
    for timeout_s in (None, 3.0, 8.0):
        await generator.complete([PROMPT], n=1, sampling=Sampling(), timeout_s=timeout_s)
    assert [asked.timeout_s for asked in inner.asked] == [6.0, 3.0, 6.0]
    clock.now += 6
    with pytest.raises(BudgetSpent, match="deadline"):
        await generator.complete([PROMPT], n=1, sampling=Sampling())
    assert len(inner.asked) == 3


class Late(FakeGenerator):
    """Times out at the deadline."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        def say(prompt: Prompt, k: int) -> str:
            clock.now += seconds
            raise BackendTimeout("slow")

        super().__init__(say)


@pytest.mark.parametrize(
    ("seconds", "error"), [(10.0, BudgetSpent), (9.95, BudgetSpent), (9.0, BackendTimeout)]
)
async def test_a_time_out_at_the_deadline_is_a_spent_budget(
    seconds: float, error: type[Exception]
) -> None:
    clock = FakeClock()
    meter = Meter(Budget(generations=9, deadline_s=10.0), clock)
    with pytest.raises(error):
        await MeteredGenerator(Late(clock, seconds), meter).complete(
            [PROMPT], n=1, sampling=Sampling()
        )


async def test_what_fails_is_not_counted() -> None:
    meter = Meter(Budget(generations=9))
    with pytest.raises(BackendError):
        await MeteredGenerator(ScriptedGenerator(BackendError("down")), meter).complete(
            [PROMPT], n=1, sampling=Sampling()
        )
    assert meter.usage.calls == 0


class NeverScores:
    """Waits for ever."""

    model = "judge"
    granularity: Granularity = "step"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")


async def test_scores_count_and_end_at_the_deadline() -> None:
    inner, meter = FakeVerifier(lambda steps: 0.5), Meter(Budget(generations=9))
    verifier = MeteredVerifier(inner, meter)
    assert (await verifier.score(ask(), [["ab"]])).scores == ((0.5,),)
    assert (meter.usage.verifier_tokens, verifier.model) == (2, "judge")
    assert verifier.granularity == "step"
    late = Meter(Budget(generations=9, deadline_s=0.01))
    with pytest.raises(BackendTimeout, match="deadline"):
        await MeteredVerifier(NeverScores(), late).score(ask(), [["ab"]])
