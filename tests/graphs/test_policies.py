"""Learned policies and stated needs, through the whole graph."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeClock, FakeGenerator, FakeVerifier, ScriptedGenerator, ask, boxed, deps
from forethought.graphs.run import run_graph
from forethought.graphs.think import build_think_graph
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.registry import JsonScalar
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.backends.base import Prompt
from forethought.nodes.budget import Budget
from forethought.nodes.errors import NoCandidate
from forethought.nodes.events import NodeFinished
from forethought.nodes.needs import Needs
from forethought.nodes.policy.base import Plan, Situation
from forethought.nodes.policy.document import PolicyDocument
from forethought.nodes.policy.fitted import FittedPolicy
from forethought.nodes.policy.fixed import FixedPolicy
from forethought.nodes.state import (
    Answer,
    Answered,
    Deps,
    Estimated,
    Planned,
    Searched,
    ThinkState,
)
from forethought.nodes.values import Completion
from policy_documents import dial, difficulty_model, document, logistic, option, outlay

pytestmark = pytest.mark.anyio
GRAPH = build_think_graph()
NAME = "tiny@3 0123abcd"
UNCUT: dict[str, JsonScalar] = {"name": "marginal_gain", "floor": 0.0, "slope": 0.0}
"""A controller that finishes every sample."""


class Whole(Estimated, Planned, Searched, Answered):
    """A state as if every node had run."""


class Ran:
    """A run that has ended: its nodes in order, its last state, its answer."""

    def __init__(self, events: Sequence[NodeFinished]) -> None:
        self.nodes = [event.node for event in events]
        state = ThinkState()
        for event in events:
            state.update(event.writes)
        self.state = cast(Whole, state)

    @property
    def answer(self) -> Answer:
        return self.state["answer"]

    @property
    def plans(self) -> tuple[Plan, ...]:
        return self.state["plans"]


async def run(given: Deps) -> Ran:
    events = [event async for event in run_graph(GRAPH, ask(), given)]
    return Ran([event for event in events if isinstance(event, NodeFinished)])


def answers(*each: object) -> list[str]:
    return [boxed(answer) for answer in each]


def cycling(*each: object) -> Callable[[Prompt, int], str]:
    return lambda prompt, k: boxed(each[k % len(each)])


def by(learned: PolicyDocument, given: Deps) -> Deps:
    """Return collaborators with all that a document brings."""
    policy = FittedPolicy(document=learned, reference=NAME)
    return replace(
        given, policy=policy, difficulty=learned.difficulty, confidence=learned.confidence
    )


def doubting() -> FakeVerifier:
    """Return a verifier whose scores leave every vote of a few open."""
    return FakeVerifier(lambda steps: 0.2)


LEARNED = document(
    options=[
        option(4, 16, {"name": "best_of_n", "n": 12}, outlay(0.6), chosen=True),
        option(5, 16, {"name": "majority", "n": 12}, outlay(0.6), chosen=True),
    ],
    difficulty=difficulty_model(),
    confidence=logistic(-1.0, winner_votes=2.0),
)


async def test_a_fitted_model_estimates_and_its_policy_chooses_by_the_level() -> None:
    ran = await run(by(LEARNED, deps(FakeGenerator(cycling(1, 2, 3, 4)), doubting())))
    difficulty = ran.state["difficulty"]
    assert (difficulty.method, difficulty.level) == ("fitted on the pilot", 4)
    (plan,) = ran.plans
    assert (plan.strategy, plan.policy) == (BestOfN(n=12), NAME)
    assert ran.answer.stop_reason == "generations"


async def test_the_answer_has_the_models_probability() -> None:
    ran = await run(by(LEARNED, deps(ScriptedGenerator(answers(7, 7, 7, 7)))))
    assert ran.nodes == ["estimate", "verify", "answer"]
    assert ran.answer.probability == pytest.approx(0.731, abs=0.001)
    assert (ran.answer.confidence, ran.answer.needs_met) == (1.0, None)


async def test_without_a_model_there_is_no_probability() -> None:
    ran = await run(deps(ScriptedGenerator(answers(7, 7, 7, 7))))
    assert ran.answer.probability is None


def sure(text: str, logprob: float) -> Completion:
    return Completion(text=text, end="eos", n_tokens=2, logprobs=(logprob, logprob))


async def test_the_pilot_asks_for_log_probabilities_where_the_model_reads_them() -> None:
    reading = document(difficulty=difficulty_model(confidence_mean=4.0))
    pilot = [sure(boxed(7), -0.5 * i) for i in range(4)]
    generator = ScriptedGenerator(pilot)
    ran = await run(by(reading, deps(generator)))
    assert generator.asked[0].sampling.logprobs == 0
    assert [c.confidence for c in ran.state["pilot"].candidates] == [0.0, -0.5, -1.0, -1.5]
    assert {c.vote for c in ran.state["pilot"].candidates} == {None}
    assert ran.state["difficulty"].method == "fitted on the pilot"


async def test_the_pilot_asks_for_none_where_nobody_reads_them() -> None:
    generator = ScriptedGenerator(answers(7, 7, 7, 7))
    await run(by(LEARNED, deps(generator)))
    assert generator.asked[0].sampling.logprobs is None


async def test_a_second_plan_rests_on_all_samples_by_the_same_model() -> None:
    class Small:
        """Plans four more at a time."""

        def __init__(self) -> None:
            self.seen: list[Situation] = []

        def choose(self, situation: Situation) -> Plan:
            self.seen.append(situation)
            return Plan(
                strategy=BestOfN(n=min(4, situation.room)),
                policy="small",
                why="test",
                difficulty=situation.difficulty,
            )

    small = Small()
    given = deps(FakeGenerator(cycling(1, 2, 3, 4)), doubting(), budget=Budget(generations=12))
    ran = await run(replace(by(LEARNED, given), policy=small))
    first, second = ran.plans
    assert first.difficulty.method == "fitted on the pilot"
    assert second.difficulty.method == "fitted on a pilot of 4, used on 8"
    assert second.difficulty.level == 5
    assert [(s.spent, s.room) for s in small.seen] == [(4, 8), (8, 4)]
    assert [s.answer_tokens for s in small.seen] == [len(boxed(1))] * 2


async def test_a_policy_is_told_how_long_the_pilot_took_and_what_is_left() -> None:
    clock = FakeClock()
    seen: list[Situation] = []

    class Watching:
        def choose(self, situation: Situation) -> Plan:
            seen.append(situation)
            return FixedPolicy(strategy=Majority(n=1)).choose(situation)

    def say(prompt: Prompt, k: int) -> str:
        clock.now += 0.5
        return boxed(k)

    needs = Needs(seconds=10.0)
    await run(deps(FakeGenerator(say), clock=clock, policy=Watching(), needs=needs))
    assert [(s.round_s, s.seconds_left, s.needs) for s in seen] == [(2.0, 8.0, needs)]


async def test_a_fixed_strategy_is_run_once_and_nothing_follows_it() -> None:
    fixed = FixedPolicy(strategy=Majority(n=4))
    ran = await run(deps(FakeGenerator(cycling(1, 2, 3, 4)), policy=fixed))
    assert [plan.strategy for plan in ran.plans] == [Majority(n=4)]
    assert (ran.answer.stop_reason, ran.answer.generations) == ("completed", 8)


async def test_a_confidence_that_the_pilot_reaches_ends_the_run_after_one_call() -> None:
    generator = ScriptedGenerator(answers(1, 1, 1, 2))
    ran = await run(deps(generator, needs=Needs(confidence=0.7)))
    assert ran.nodes == ["estimate", "verify", "answer"]
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("needs_met", True)


async def test_a_confidence_that_a_round_reaches_ends_the_search() -> None:
    generator = ScriptedGenerator(answers(1, 1, 2, 3), answers(1, 1, 1, 2))
    ran = await run(deps(generator, budget=Budget(generations=64), needs=Needs(confidence=0.6)))
    assert ran.nodes == ["estimate", "plan", "search", "verify", "answer"]
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("needs_met", True)
    assert (ran.answer.answer, ran.answer.confidence, ran.answer.generations) == ("1", 5 / 8, 8)


async def test_a_confidence_is_that_of_the_model_where_there_is_one() -> None:
    generator = FakeGenerator(cycling(1, 1, 1, 2))
    timid = replace(LEARNED, confidence=logistic(-3.0))
    ran = await run(by(timid, deps(generator, doubting(), needs=Needs(confidence=0.7))))
    assert ran.answer.stop_reason != "needs_met"
    assert ran.answer.needs_met is False
    assert ran.answer.probability == pytest.approx(0.047, abs=0.001)


async def test_a_need_that_is_not_reached_is_said() -> None:
    ran = await run(deps(FakeGenerator(cycling(1, 2, 3, 4)), needs=Needs(confidence=0.9)))
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("generations", False)


async def test_what_is_needed_of_tokens_is_a_limit_and_no_reason_to_stop() -> None:
    generator = FakeGenerator(cycling(*range(10, 90)))
    ran = await run(deps(generator, budget=Budget(generations=64), needs=Needs(tokens=200)))
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("tokens", True)
    assert 100 < generator.usage.completion_tokens <= 200


async def test_an_answer_that_comes_too_late_did_not_meet_the_need() -> None:
    clock = FakeClock()

    def say(prompt: Prompt, k: int) -> str:
        clock.now += 1
        return boxed(k)

    given = deps(FakeGenerator(say), clock=clock, needs=Needs(seconds=6.0, confidence=0.1))
    ran = await run(given)
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("needs_met", True)
    given = deps(FakeGenerator(say), clock=clock, needs=Needs(seconds=6.0, confidence=0.9))
    ran = await run(given)
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("deadline", False)


async def test_revisions_end_when_what_is_needed_is_met() -> None:
    class Doubtful:
        def choose(self, situation: Situation) -> Plan:
            return Plan(
                strategy=Majority(n=4),
                revisions=Revisions(chains=2, length=4),
                policy="doubtful",
                why="test",
                difficulty=situation.difficulty,
            )

    generator = ScriptedGenerator(answers(1, 2, 3, 4), answers(5, 6, 7, 8), answers(1, 1))
    needs = Needs(confidence=0.3)
    ran = await run(deps(generator, policy=Doubtful(), needs=needs))
    assert ran.nodes[-4:] == ["verify", "revise", "verify", "answer"]
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("needs_met", True)
    assert (ran.answer.answer, ran.answer.confidence) == ("1", 3 / 10)


def controlled(price: float, **numbers: float) -> PolicyDocument:
    return document(controller={**UNCUT, **numbers}, dials=[dial(price, 8.0, chosen=True)])


async def test_a_controller_that_gives_up_ends_the_run_for_good() -> None:
    generator = FakeGenerator(cycling(1, 2, 3, 4, 5))
    given = deps(generator, doubting(), budget=Budget(generations=64))
    ran = await run(by(controlled(0.005, gain=0.04), given))
    (plan,) = ran.plans
    assert isinstance(plan.strategy, MarginalGain)
    assert (plan.strategy.n, plan.strategy.price) == (60, 0.005)
    assert (ran.answer.stop_reason, ran.answer.generations) == ("not_worth_more", 8)
    assert set(ran.nodes) == {"estimate", "plan", "search", "verify", "answer"}


async def test_a_controller_that_is_sure_has_decided() -> None:
    generator = FakeGenerator(cycling(1, 1, 1, 1, 2))
    given = deps(generator, FakeVerifier(lambda steps: 0.45), budget=Budget(generations=64))
    ran = await run(by(controlled(0.0001, gain=0.04, weight=2.5, share=0.6), given))
    assert (ran.answer.answer, ran.answer.stop_reason) == ("1", "decided")
    assert ran.answer.generations < 64


async def test_no_other_rule_ends_a_controllers_search() -> None:
    generator = FakeGenerator(cycling(1, 2, 1, 1, 1, 1))
    given = deps(generator, FakeVerifier(lambda steps: 0.9), budget=Budget(generations=24))
    ran = await run(by(controlled(0.0001, gain=0.04, weight=100.0), given))
    assert (ran.answer.stop_reason, ran.answer.generations) == ("generations", 24)


async def test_a_controller_stops_when_what_is_needed_is_met() -> None:
    generator = FakeGenerator(cycling(1, 2, 1, 1, 1, 1))
    given = deps(
        generator,
        FakeVerifier(lambda steps: 0.4),
        budget=Budget(generations=64),
        needs=Needs(confidence=0.8),
    )
    ran = await run(by(controlled(0.0001, gain=0.04, weight=100.0), given))
    assert (ran.answer.stop_reason, ran.answer.needs_met) == ("needs_met", True)
    assert ran.answer.generations < 16


@given(
    seed=st.integers(0, 10**6),
    generations=st.integers(1, 40),
    confidence=st.none() | st.floats(0.05, 0.95),
    tokens=st.integers(20, 2000),
    verified=st.booleans(),
    controls=st.booleans(),
)
@settings(max_examples=60)
async def test_every_run_ends_within_its_budget_and_says_whether_its_needs_are_met(
    seed: int,
    generations: int,
    confidence: float | None,
    tokens: int,
    verified: bool,
    controls: bool,
) -> None:
    chance = random.Random(seed)
    learned = replace(controlled(0.002) if controls else LEARNED, confidence=LEARNED.confidence)
    needs = Needs(confidence=confidence, tokens=tokens)
    generator = FakeGenerator(lambda prompt, k: chance.choice(["", "x" * 90, *answers(1, 2, 3)]))
    verifier = FakeVerifier(lambda steps: chance.choice([0.1, 0.5, 0.9])) if verified else None
    given = by(
        learned, deps(generator, verifier, budget=Budget(generations=generations), needs=needs)
    )
    try:
        ran = await run(given)
    except NoCandidate:
        return
    assert ran.answer.generations <= generations
    assert generator.usage.completion_tokens <= tokens
    sure = ran.answer.confidence if ran.answer.probability is None else ran.answer.probability
    if ran.answer.needs_met:
        assert confidence is None or (sure is not None and sure >= confidence)
    if ran.answer.stop_reason == "needs_met":
        assert ran.answer.needs_met
