"""A run that goes on from what an earlier run of the same request had found."""

from dataclasses import replace

import pytest

from fakes import FakeGenerator, ask, boxed, deps
from forethought.graphs.run import run_graph
from forethought.graphs.think import build_think_graph
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.budget import Budget
from forethought.nodes.candidate import Candidate
from forethought.nodes.earlier import Earlier, marked
from forethought.nodes.events import NodeFinished
from forethought.nodes.policy.fixed import FixedPolicy
from forethought.nodes.state import Answer, Deps
from forethought.nodes.values import Usage

pytestmark = pytest.mark.anyio
GRAPH = build_think_graph()


def sample(k: int, value: object) -> Candidate:
    text = boxed(value)
    return Candidate(
        key=f"pilot-{k}", origin="pilot", ending="whole", text=text, n_tokens=len(text)
    )


def going_on(generator: FakeGenerator, *values: object, generations: int = 8) -> Deps:
    found = marked(sample(k, value) for k, value in enumerate(values))
    earlier = Earlier(
        trace_id="before", candidates=found, usage=Usage(calls=1, completion_tokens=500)
    )
    policy = FixedPolicy(strategy=Majority(n=generations))
    it = deps(generator, policy=policy, budget=Budget(generations=generations))
    it.meter.carry(earlier.usage, earlier.generations)
    return replace(it, earlier=found)


async def run(it: Deps) -> tuple[list[Candidate], Answer]:
    found: dict[str, Candidate] = {}
    answers: list[Answer] = []
    async for event in run_graph(GRAPH, ask(), it):
        assert isinstance(event, NodeFinished)
        if pilot := event.writes.get("pilot"):
            found |= {c.key: c for c in pilot.candidates}
        if hunt := event.writes.get("hunt"):
            found |= {c.key: c for c in hunt.search.candidates}
        if answer := event.writes.get("answer"):
            answers.append(answer)
    return list(found.values()), answers[0]


async def test_only_what_is_left_of_the_budget_is_drawn() -> None:
    generator = FakeGenerator(lambda prompt, k: boxed(100 + k))
    found, answer = await run(going_on(generator, 1, 2, 3, 4, 5))
    assert sum(asked.n for asked in generator.asked) == 3
    assert len(found) == answer.generations == 8
    assert answer.usage.completion_tokens == 500 + generator.usage.completion_tokens


async def test_a_pilot_that_was_broken_off_is_drawn_to_its_end() -> None:
    generator = FakeGenerator(lambda prompt, k: boxed(100 + k))
    found, _ = await run(going_on(generator, 1, generations=4))
    assert [asked.n for asked in generator.asked] == [3]
    assert [candidate.key for candidate in found] == ["r-pilot-0", "pilot-1", "pilot-2", "pilot-3"]


async def test_samples_that_agree_are_an_answer_and_nothing_is_drawn() -> None:
    generator = FakeGenerator(lambda prompt, k: boxed(7))
    _, answer = await run(going_on(generator, 42, 42, 42, 42, 42, 42))
    assert not generator.asked
    assert (answer.answer, answer.stop_reason) == ("42", "confident")


async def test_a_budget_that_was_spent_is_put_to_the_vote() -> None:
    generator = FakeGenerator(lambda prompt, k: boxed(7))
    _, answer = await run(going_on(generator, 1, 2, 3, 3, generations=4))
    assert not generator.asked
    assert (answer.answer, answer.stop_reason) == ("3", "generations")
