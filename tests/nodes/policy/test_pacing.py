import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.policy.base import Situation
from forethought.nodes.policy.builtin import BuiltinPolicy
from forethought.nodes.policy.document import Dial
from forethought.nodes.policy.fitted import FittedPolicy
from forethought.nodes.policy.pacing import PacedPolicy, Pacer, pacer_for
from policy_documents import CONTROLLER, dial, document

PRICES = [0.1 / 2**i for i in range(9)]
PILOT, MOST = 4, 64


@dataclass(frozen=True)
class Stream:
    """Questions whose gain falls as 1/n, and which are sure, and stop, at a sample of chance."""

    seed: int
    spread: float
    """Of the log of the gain over questions."""

    def costs(self, prices: Sequence[float]) -> list[float]:
        """Return the mean cost at each price, over questions of which the stream has no other."""
        chance = random.Random(f"offline {self.seed}")
        drawn = [self.question(chance) for _ in range(3000)]
        return [fmean(cost(q, price) for q in drawn) for price in prices]

    def question(self, chance: random.Random) -> tuple[float, int]:
        return 0.2 * math.exp(chance.gauss(0, self.spread)), int(chance.expovariate(1 / 20)) + PILOT


def cost(question: tuple[float, int], price: float) -> int:
    gain, sure = question
    return max(PILOT, min(MOST, sure, int(gain / price)))


def realised(pacer: Pacer, stream: Stream, questions: int) -> float:
    """Return the mean cost of a stream, each question priced after the one before it."""
    chance = random.Random(f"online {stream.seed}")
    for _ in range(questions):
        pacer = pacer.after(cost(stream.question(chance), pacer.price))
    assert pacer.questions == questions
    return pacer.generations / questions


streams = st.builds(Stream, seed=st.integers(0, 10**6), spread=st.floats(0.2, 1.5))
places = st.floats(0.1, 0.9)
"""Where a mean lies between the least and the most that prices can make of a stream."""


def wanted(costs: Sequence[float], place: float) -> float:
    return min(costs) + place * (max(costs) - min(costs))


def dials(costs: Sequence[float], wrong: float = 1.0) -> list[Dial]:
    return [dial(price, wrong * c) for price, c in zip(PRICES, costs, strict=True)]


@given(stream=streams, place=places)
@settings(max_examples=25)
def test_two_thousand_questions_cost_what_was_asked_for_within_two_percent(
    stream: Stream, place: float
) -> None:
    costs = stream.costs(PRICES)
    mean = wanted(costs, place)
    pacer = pacer_for(mean, dials(costs), MOST)
    assert pacer is not None
    assert realised(pacer, stream, 2000) == pytest.approx(mean, rel=0.02)


@given(stream=streams, place=places, wrong=st.sampled_from([0.5, 2.0]))
@settings(max_examples=25)
def test_a_curve_that_is_wrong_by_a_factor_of_two_still_holds_five_percent(
    stream: Stream, place: float, wrong: float
) -> None:
    costs = stream.costs(PRICES)
    mean = wanted(costs, place)
    pacer = pacer_for(mean, dials(costs, wrong), MOST)
    assert pacer is not None
    assert realised(pacer, stream, 2000) == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize("wrong", [0.5, 1.0, 2.0])
def test_sixty_runs_under_way_at_once_are_held_too(wrong: float) -> None:
    stream = Stream(seed=1, spread=0.8)
    costs = stream.costs(PRICES)
    mean = wanted(costs, 0.4)
    pacer = pacer_for(mean, dials(costs, wrong), MOST)
    assert pacer is not None
    chance = random.Random("under way")
    running: deque[int] = deque()
    for _ in range(2000):
        running.append(cost(stream.question(chance), pacer.price))
        if len(running) > 60:
            pacer = pacer.after(running.popleft())
    assert pacer.generations / pacer.questions == pytest.approx(mean, rel=0.05)


@given(
    st.lists(st.tuples(st.floats(1e-6, 1.0), st.floats(1.0, 300.0)), min_size=1, max_size=8),
    st.floats(1.0, 300.0),
    st.lists(st.integers(0, 5000), max_size=60),
)
def test_the_price_stays_a_price_whatever_runs_cost(
    points: list[tuple[float, float]], mean: float, spent: list[int]
) -> None:
    pacer = pacer_for(mean, [dial(price, cost) for price, cost in points], 64)
    assert pacer is not None
    for generations in spent:
        before, pacer = pacer, pacer.after(generations)
        assert 0 < pacer.price < math.inf
        if generations >= mean:
            assert pacer.price >= before.price
        else:
            assert pacer.price <= before.price


def test_the_first_price_is_read_off_the_dials_between_them_in_logarithms() -> None:
    made = [dial(0.04, 4.0), dial(0.01, 16.0)]
    for mean, price in ((4.0, 0.04), (8.0, 0.02), (16.0, 0.01), (32.0, 0.005), (2.0, 0.08)):
        pacer = pacer_for(mean, made, 64)
        assert pacer is not None
        assert pacer.price == pytest.approx(price)


def test_a_dial_that_buys_no_more_than_a_dearer_one_is_noise() -> None:
    made = [dial(0.04, 4.0), dial(0.02, 3.9), dial(0.01, 16.0)]
    noisy, clean = pacer_for(8.0, made, 64), pacer_for(8.0, [made[0], made[2]], 64)
    assert noisy == clean


def test_the_dials_are_those_of_the_budget_that_most_questions_have() -> None:
    made = [dial(0.04, 4.0, budget=16), dial(0.08, 4.0, budget=64)]
    for budget, price in ((8, 0.04), (16, 0.04), (63, 0.04), (64, 0.08), (256, 0.08)):
        pacer = pacer_for(4.0, made, budget)
        assert pacer is not None
        assert pacer.price == pytest.approx(price)


def test_without_a_dial_that_has_a_price_there_is_no_pacer() -> None:
    assert pacer_for(8.0, [], 64) is None
    assert pacer_for(8.0, [dial(0.0, 30.0)], 64) is None


def situation(room: int = 60) -> Situation:
    return Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=3, method="told", samples=4),
        room=room,
        verifier=True,
        continuation=True,
        spent=4,
    )


def test_the_controller_pays_the_pacers_price_and_the_plan_says_so() -> None:
    made = [dial(0.04, 4.0), dial(0.01, 16.0, chosen=True)]
    pacer = pacer_for(8.0, made, 64)
    assert pacer is not None
    fitted = FittedPolicy(
        document=document(controller=CONTROLLER, dials=made), reference="tiny@1 0123abcd"
    )
    plan = PacedPolicy(policy=fitted, pacer=pacer).choose(situation())
    assert "the controller, at the price 0.02 as set" in plan.why
    assert plan.why.endswith("priced for a mean of 8 generations")
    later = PacedPolicy(policy=fitted, pacer=pacer.after(4).after(20)).choose(situation())
    assert later.why.endswith("priced for a mean of 8 generations, 12.00 so far")


def test_a_policy_that_has_no_use_for_a_price_chooses_as_ever() -> None:
    pacer = pacer_for(8.0, [dial(0.04, 4.0)], 64)
    assert pacer is not None
    paced = PacedPolicy(policy=BuiltinPolicy(), pacer=pacer)
    assert paced.choose(situation()).strategy == BuiltinPolicy().choose(situation()).strategy
