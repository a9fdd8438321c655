"""A run is told to end sooner than its budget says."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeClock, ask
from forethought.nodes.backends.base import Abilities, OnText, Prompt, Sampled
from forethought.nodes.backends.metered import MeteredGenerator, MeteredVerifier
from forethought.nodes.budget import Budget, Meter
from forethought.nodes.errors import BackendTimeout, BudgetSpent
from forethought.nodes.values import Question, Sampling
from forethought.nodes.verifiers.base import Granularity, Scored

pytestmark = pytest.mark.anyio
PROMPT = Prompt(messages=ask().messages)
SECONDS = st.floats(0, 1000)


class NeverAnswers:
    """Says when it has been asked, and waits for ever; a generator and a verifier."""

    abilities = Abilities(model="slow")
    model = "slow"
    granularity: Granularity = "step"

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.cancelled = False

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        await self._wait()
        raise AssertionError("unreachable")

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        await self._wait()
        raise AssertionError("unreachable")

    async def _wait(self) -> None:
        self.asked.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@given(deadline_s=st.none() | SECONDS, before=SECONDS, hurries=st.lists(SECONDS, min_size=1))
def test_the_nearest_deadline_holds(
    deadline_s: float | None, before: float, hurries: list[float]
) -> None:
    clock = FakeClock()
    meter = Meter(Budget(generations=4, deadline_s=deadline_s), clock)
    clock.now += before
    for seconds in hurries:
        meter.hurry(seconds)
    nearest = min([before + min(hurries), *([] if deadline_s is None else [deadline_s])])
    assert meter.budget.deadline_s == pytest.approx(nearest)
    assert (meter.spent() == "deadline") == (
        meter.seconds_left is not None and meter.seconds_left <= 0
    )
    assert meter.budget.generations == 4


async def test_a_call_under_way_is_cut_off_and_its_server_told() -> None:
    inner, meter = NeverAnswers(), Meter(Budget(generations=4))
    generator = MeteredGenerator(inner, meter)
    calling = asyncio.create_task(generator.complete([PROMPT], n=1, sampling=Sampling()))
    await inner.asked.wait()
    meter.hurry(0.0)
    with pytest.raises(BudgetSpent, match="deadline"):
        await calling
    assert inner.cancelled


async def test_scoring_under_way_is_cut_off() -> None:
    inner, meter = NeverAnswers(), Meter(Budget(generations=4))
    scoring = asyncio.create_task(MeteredVerifier(inner, meter).score(ask(), [["a"]]))
    await inner.asked.wait()
    meter.hurry(0.0)
    with pytest.raises(BackendTimeout, match="came nearer"):
        await scoring
    assert inner.cancelled


async def test_a_call_that_is_left_by_its_caller_is_cancelled_and_not_timed_out() -> None:
    inner, meter = NeverAnswers(), Meter(Budget(generations=4))
    calling = asyncio.create_task(
        MeteredGenerator(inner, meter).complete([PROMPT], n=1, sampling=Sampling())
    )
    await inner.asked.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    meter.hurry(0.0)  # nobody listens any more
