import random
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import (
    DeadVerifier,
    FakeClock,
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    ask,
    boxed,
    cut_at_length,
    deps,
)
from forethought.graphs.run import run_graph
from forethought.graphs.think import build_think_graph
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.backends.base import Prompt
from forethought.nodes.budget import Budget
from forethought.nodes.candidate import Candidate
from forethought.nodes.errors import BackendError, BudgetSpent, NoCandidate
from forethought.nodes.events import NodeFinished
from forethought.nodes.state import (
    Answer,
    Answered,
    Deps,
    Estimated,
    Planned,
    Revising,
    Searched,
    ThinkState,
    Verified,
)
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio
GRAPH = build_think_graph()


class Whole(Estimated, Planned, Searched, Verified, Revising, Answered):
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
    def candidates(self) -> list[Candidate]:
        found = [*self.state["pilot"].candidates]
        if "hunt" in self.state:
            found += self.state["hunt"].search.candidates
        chains = self.state["revised"].chains if "revised" in self.state else ()
        return found + [c for chain in chains for c in chain if c.origin == "revision"]


async def run(given: Deps) -> Ran:
    events = [event async for event in run_graph(GRAPH, ask(), given)]
    return Ran([event for event in events if isinstance(event, NodeFinished)])


def answers(*each: object) -> list[str]:
    return [boxed(answer) for answer in each]


def cycling(*each: object) -> Callable[[Prompt, int], str]:
    return lambda prompt, k: boxed(each[k % len(each)])


async def test_a_pilot_that_agrees_is_the_answer_after_one_call() -> None:
    generator = ScriptedGenerator(answers(42, 42, 42, 42))
    ran = await run(deps(generator))
    assert ran.nodes == ["estimate", "verify", "answer"]
    assert (ran.answer.answer, ran.answer.stop_reason) == ("42", "confident")
    assert (ran.answer.confidence, ran.answer.generations, ran.answer.faults) == (1.0, 4, ())
    assert ran.answer.candidate == "pilot-0"
    assert ran.answer.usage == generator.usage
    assert len(generator.asked) == 1
    assert ran.state["difficulty"].level == 1


async def test_agreement_that_the_verifier_doubts_is_not_enough() -> None:
    verifier = FakeVerifier(lambda steps: 0.3)
    ran = await run(deps(FakeGenerator(cycling(42)), verifier, budget=Budget(generations=8)))
    assert ran.nodes[:3] == ["estimate", "plan", "search"]
    assert ran.answer.answer == "42"


async def test_a_small_budget_is_a_small_pilot_and_a_vote() -> None:
    ran = await run(deps(ScriptedGenerator(answers(1, 2)), budget=Budget(generations=2)))
    assert ran.nodes == ["estimate", "verify", "answer"]
    assert (ran.answer.answer, ran.answer.stop_reason) == ("1", "generations")


async def test_a_middling_question_gets_beams() -> None:
    generator = ScriptedGenerator(
        answers(1, 1, 2, 3),
        [f"step {i}\n\n" for i in range(12)],
        answers(*[5] * 12),
    )
    verifier = ScriptedVerifier(
        [0.6, 0.6, 0.6, 0.6], [i / 12 for i in range(12)], [0.9, *[0.5] * 11]
    )
    ran = await run(deps(generator, verifier))
    assert ran.nodes == ["estimate", "plan", "search", "search", "verify", "answer"]
    assert ran.state["difficulty"].level == 3
    assert ran.state["plans"][0].strategy == BeamSearch(n=12, m=4)
    assert (ran.answer.answer, ran.answer.candidate) == ("5", "s1-11.0")
    assert (ran.answer.stop_reason, ran.answer.generations) == ("generations", 16)
    assert [a.begun for a in generator.asked][2] == ["step 11\n\n", "step 10\n\n", "step 9\n\n"]
    assert ran.answer.usage == generator.usage + verifier.usage
    assert generator.left == verifier.left == 0


async def test_an_easy_plan_that_leaves_the_vote_open_is_followed_by_a_harder_one() -> None:
    generator = ScriptedGenerator(
        answers(1, 1, 1, 2), answers(1, 1, 2, 2), answers(*[2, 1] * 4), BackendError("enough")
    )
    ran = await run(deps(generator, FakeVerifier(lambda steps: 0.7), budget=Budget(generations=64)))
    assert " ".join(ran.nodes) == "estimate plan search search plan search verify answer"
    first, second = ran.state["plans"]
    assert (first.difficulty.level, first.strategy) == (2, BestOfN(n=12, wave=4))
    assert (second.difficulty.level, second.strategy) == (3, BeamSearch(n=48, m=4))
    assert ran.answer.stop_reason == "upstream"


async def test_the_hardest_questions_are_revised_from_the_leaders_of_the_vote() -> None:
    generator = ScriptedGenerator(
        answers(1, 2, 3, 4),
        answers(5, 6, 7, 8),
        answers(*range(9, 17)),
        answers(99, 98),
        answers(99, 98),
    )
    verifier = FakeVerifier(lambda steps: 0.9 if "99" in steps[-1] else 0.1)
    ran = await run(deps(generator, verifier, budget=Budget(generations=20)))
    assert ran.nodes == [
        "estimate",
        "plan",
        "search",
        "search",
        "verify",
        "revise",
        "verify",
        "revise",
        "verify",
        "answer",
    ]
    assert ran.state["plans"][0].strategy == BestOfN(n=12, wave=4)
    assert ran.state["plans"][0].revisions == Revisions(chains=2, length=2)
    assert [[c.key for c in chain] for chain in ran.state["revised"].chains] == [
        ["pilot-0", "revision-0.1", "revision-0.2"],
        ["pilot-1", "revision-1.1", "revision-1.2"],
    ]
    assert (ran.answer.answer, ran.answer.candidate) == ("99", "revision-0.1")
    assert (ran.answer.stop_reason, ran.answer.generations) == ("generations", 20)
    shown = generator.asked[-1].prompts[0].messages[-1].content
    assert shown.endswith("Attempt 1:\n\\boxed{1}\n\nAttempt 2:\n\\boxed{99}")


async def test_a_revision_that_fails_leaves_the_best_so_far() -> None:
    generator = ScriptedGenerator(
        answers(1, 2, 3, 4), answers(5, 6, 7, 8), answers(*range(9, 17)), BackendError("down")
    )
    ran = await run(deps(generator, FakeVerifier(lambda s: 0.1), budget=Budget(generations=20)))
    assert ran.nodes[-4:] == ["verify", "revise", "verify", "answer"]
    assert (ran.answer.stop_reason, ran.answer.faults) == ("upstream", ("down",))
    assert ran.answer.answer == "1"


async def test_revisions_end_when_the_deadline_comes() -> None:
    clock = FakeClock()

    def say(prompt: Prompt, k: int) -> str:
        if "Attempt 1" in prompt.messages[-1].content:
            clock.now += 10
        return boxed(f"{k}{len(prompt.messages[-1].content)}")

    given = deps(
        FakeGenerator(say),
        FakeVerifier(lambda s: 0.1),
        budget=Budget(generations=20, deadline_s=15.0),
        clock=clock,
    )
    ran = await run(given)
    assert ran.nodes.count("revise") == 1
    assert ran.answer.stop_reason == "deadline"


async def test_without_a_verifier_it_is_the_majority_up_to_the_budget() -> None:
    generator = ScriptedGenerator(answers(1, 2, 3, 4), answers(5, 5, 6, 6), answers(5, 6, 7, 8))
    ran = await run(deps(generator, budget=Budget(generations=12)))
    assert ran.nodes == ["estimate", "plan", "search", "search", "verify", "answer"]
    assert (ran.answer.answer, ran.answer.stop_reason) == ("5", "generations")
    assert ran.answer.confidence == 3 / 12
    assert ran.answer.generations == 12


async def test_a_vote_that_is_decided_saves_the_rest() -> None:
    generator = ScriptedGenerator(answers(1, 2, 3, 4), answers(*[5] * 4), answers(*[5] * 8))
    ran = await run(deps(generator, budget=Budget(generations=64)))
    assert (ran.answer.answer, ran.answer.stop_reason) == ("5", "decided")
    assert ran.answer.generations == 16


async def test_the_seeds_of_the_search_begin_where_those_of_the_pilot_end() -> None:
    generator = FakeGenerator(cycling(*range(50)))
    await run(deps(generator, sampling=Sampling(seed=0)))
    seeds = [(a.sampling.seed, a.n) for a in generator.asked]
    drawn = [s + i for s, n in seeds if s is not None for i in range(n)]
    assert len(drawn) == len(set(drawn)) == 16


async def test_the_tokens_run_out() -> None:
    generator = FakeGenerator(cycling(*range(10, 90)))
    budget = Budget(generations=64, tokens=100)
    ran = await run(deps(generator, budget=budget, sampling=Sampling(max_tokens=20)))
    assert ran.answer.stop_reason == "tokens"
    assert ran.answer.whole
    assert 0 < generator.usage.completion_tokens <= 100


async def test_the_deadline_ends_the_search_between_calls() -> None:
    clock = FakeClock()

    def say(prompt: Prompt, k: int) -> str:
        clock.now += 1
        return boxed(k)

    given = deps(FakeGenerator(say), budget=Budget(generations=64, deadline_s=6.0), clock=clock)
    ran = await run(given)
    assert ran.nodes == ["estimate", "plan", "search", "verify", "answer"]
    assert (ran.answer.stop_reason, ran.answer.seconds) == ("deadline", 8.0)
    assert ran.answer.answer == "0"


async def test_a_deadline_inside_a_call_keeps_what_was_found_before() -> None:
    generator = ScriptedGenerator(answers(1, 2, 3, 3), BudgetSpent("deadline"))
    ran = await run(deps(generator))
    assert (ran.answer.answer, ran.answer.stop_reason) == ("3", "deadline")


async def test_a_deadline_before_anything_is_an_error() -> None:
    clock = FakeClock()
    given = deps(ScriptedGenerator(), budget=Budget(generations=4, deadline_s=1.0), clock=clock)
    clock.now += 2
    with pytest.raises(BudgetSpent, match="deadline"):
        await run(given)


async def test_a_server_that_dies_in_the_middle_leaves_the_best_so_far() -> None:
    generator = ScriptedGenerator(
        answers(1, 1, 2, 3), [f"step {i}\n\n" for i in range(12)], BackendError("gone")
    )
    ran = await run(deps(generator, FakeVerifier(lambda steps: 0.6)))
    assert (ran.answer.answer, ran.answer.stop_reason) == ("1", "upstream")
    assert ran.answer.faults == ("gone",)
    assert ran.answer.generations == 16
    endings = [c.ending for c in ran.state["hunt"].search.candidates]
    assert (endings.count("pruned"), endings.count("stopped")) == (9, 3)


async def test_a_server_that_is_down_from_the_start_is_an_error() -> None:
    with pytest.raises(BackendError, match="down"):
        await run(deps(ScriptedGenerator(BackendError("down"))))


async def test_without_its_verifier_a_run_counts_votes_and_says_so() -> None:
    ran = await run(deps(FakeGenerator(cycling(1, 2, 2, 3)), DeadVerifier()))
    assert ran.answer.answer == "2"
    assert ran.state["verdict"].selection == "majority"
    assert set(ran.answer.faults) == {"verifier: the verifier is down"}


async def test_where_every_sample_is_cut_the_longest_is_shown_and_marked() -> None:
    cut = [cut_at_length(text) for text in ("one", "three", "two", "four")]
    ran = await run(deps(ScriptedGenerator(cut), budget=Budget(generations=4)))
    assert (ran.answer.text, ran.answer.whole, ran.answer.answer) == ("three", False, None)
    assert (ran.answer.stop_reason, ran.answer.confidence) == ("no_whole_answer", None)


@pytest.mark.parametrize("generations", [1, 8, 20])
async def test_where_nothing_was_said_there_is_no_answer(generations: int) -> None:
    generator = FakeGenerator(lambda prompt, k: "")
    given = deps(generator, FakeVerifier(lambda s: 0.5), budget=Budget(generations=generations))
    with pytest.raises(NoCandidate, match="empty"):
        await run(given)
    assert given.meter.generations <= generations


async def test_a_tie_across_chains_goes_to_the_answer_found_first() -> None:
    generator = FakeGenerator(cycling(*range(20)))
    ran = await run(deps(generator, FakeVerifier(lambda s: 0.1), budget=Budget(generations=20)))
    assert "revise" in ran.nodes
    assert ran.answer.answer == "0"


async def test_revisions_that_the_budget_cannot_pay_are_not_written() -> None:
    generator = ScriptedGenerator(
        answers(1, 2, 3, 4), answers(5, 6, 7, 8), answers(*range(9, 17)), BudgetSpent("tokens")
    )
    ran = await run(deps(generator, FakeVerifier(lambda s: 0.1), budget=Budget(generations=20)))
    assert (ran.answer.answer, ran.answer.stop_reason) == ("1", "tokens")


async def test_whole_samples_without_an_answer_are_not_voted_on() -> None:
    verifier = ScriptedVerifier([0.1, 0.9])
    generator = ScriptedGenerator(["I do not know", "Nor do I"])
    ran = await run(deps(generator, verifier, budget=Budget(generations=2)))
    assert (ran.answer.text, ran.answer.answer, ran.answer.whole) == ("Nor do I", None, True)
    assert (ran.answer.stop_reason, ran.answer.confidence) == ("generations", None)


class Moody:
    """A model that says, cuts, repeats or fails by chance."""

    def __init__(self, seed: int, cuts: float, fails: float) -> None:
        self._random = random.Random(seed)
        self._cuts, self._fails = cuts, fails

    def say(self, prompt: Prompt, number: int) -> str:
        chance = self._random.random()
        if chance < self._fails:
            raise BackendError("moody")
        if chance < self._fails + self._cuts:
            return self._random.choice(["", "\n\n", "x" * 500, "no answer here"])
        step = self._random.choice(["a", "b", "c"])
        return boxed(self._random.choice([1, 2, 3]), *[step] * self._random.randint(0, 3))

    def judge(self, steps: Sequence[str]) -> float:
        return self._random.choice([0.05, 0.3, 0.6, 0.95])


@given(
    seed=st.integers(0, 10**6),
    generations=st.integers(1, 90),
    tokens=st.none() | st.integers(1, 3000),
    cuts=st.sampled_from([0.0, 0.3, 0.9]),
    fails=st.sampled_from([0.0, 0.0, 0.02]),
    verified=st.booleans(),
)
@settings(max_examples=120)
async def test_every_run_ends_within_its_budget_and_answers_if_anything_whole_came(
    seed: int,
    generations: int,
    tokens: int | None,
    cuts: float,
    fails: float,
    verified: bool,
) -> None:
    moody = Moody(seed, cuts, fails)
    generator, verifier = FakeGenerator(moody.say), FakeVerifier(moody.judge)
    given = deps(
        generator,
        verifier if verified else None,
        budget=Budget(generations=generations, tokens=tokens),
        sampling=Sampling(max_tokens=100),
    )
    try:
        ran = await run(given)
    except BackendError:
        assert len(generator.asked) == 1  # nothing came before it
        return
    except NoCandidate:
        assert generator.usage.completion_tokens <= 2 * generations * 40
        return
    keys = [c.key for c in ran.candidates]
    assert len(keys) == len(set(keys))
    assert given.meter.generations == ran.answer.generations <= generations
    assert tokens is None or generator.usage.completion_tokens <= tokens
    expected = generator.usage + verifier.usage
    assert ran.answer.usage == expected
    assert ran.answer.whole == any(c.whole for c in ran.candidates)
    assert ran.answer.text
    if any(c.votes for c in ran.candidates):
        assert ran.answer.answer is not None
