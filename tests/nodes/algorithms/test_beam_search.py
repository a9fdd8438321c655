import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import (
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    cut_at_length,
    cut_off,
    run_out,
    said,
    tools,
)
from forethought.nodes.algorithms.base import Search, Tools
from forethought.nodes.algorithms.beam_search import MAX_ROUNDS, BeamSearch
from forethought.nodes.backends.base import Prompt, Sampled
from forethought.nodes.candidate import Candidate
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Sampling, Usage

pytestmark = pytest.mark.anyio
STEP = Sampling(stop=("\n\n",))


def texts(search: Search) -> list[str]:
    return ["".join(s.text for s in branch) for branch in search.live]


def endings(search: Search) -> list[tuple[str, str]]:
    return [(c.key, c.ending) for c in search.candidates]


async def one_round(*steps: object, m: int = 1) -> Search:
    """Run one round whose N samples are `steps`, all scored 0.5."""
    generator = ScriptedGenerator(list(steps))  # type: ignore[arg-type]
    verifier = FakeVerifier(lambda s: 0.5)
    return await BeamSearch(n=len(steps), m=m).advance(Search(epoch=1), tools(generator, verifier))


async def test_keeps_the_best_n_over_m_and_samples_m_of_each() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "c\n\n", "d\n\n"],
        ["b1\n\n", "b2\n\n", "d1\n\n", "d2\n\n"],
        ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}", "\\boxed{4}"],
    )
    verifier = ScriptedVerifier([0.1, 0.9, 0.2, 0.4], [0.3, 0.8, 0.7, 0.1], [0.6, 0.5, 0.4, 0.3])
    searches = await run_out(BeamSearch(n=4, m=2), tools(generator, verifier))
    assert [texts(s) for s in searches] == [
        [],
        ["b\n\n", "d\n\n"],
        ["b\n\nb2\n\n", "d\n\nd1\n\n"],
        [],
    ]
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 4), (2, 2), (2, 2)]
    assert [a.begun for a in generator.asked][1:] == [
        ["b\n\n", "d\n\n"],
        ["b\n\nb2\n\n", "d\n\nd1\n\n"],
    ]
    assert verifier.asked[1] == [["b", "b1"], ["b", "b2"], ["d", "d1"], ["d", "d2"]]
    assert endings(searches[-1]) == [
        ("s1-2", "pruned"),
        ("s1-0", "pruned"),
        ("s1-1.0", "pruned"),
        ("s1-3.1", "pruned"),
        ("s1-1.1.0", "whole"),
        ("s1-1.1.1", "whole"),
        ("s1-3.0.0", "whole"),
        ("s1-3.0.1", "whole"),
    ]
    final = searches[-1].candidates[4]
    assert (final.text, final.score, final.n_tokens) == ("b\n\nb2\n\n\\boxed{1}", 0.6, 16)
    assert [(s.key, s.parent, s.score) for s in final.steps] == [
        ("s1-1", None, 0.9),
        ("s1-1.1", "s1-1", 0.8),
        ("s1-1.1.0", "s1-1.1", 0.6),
    ]
    assert [s.generations for s in searches] == [0, 4, 4, 4]
    assert generator.left == verifier.left == 0


async def test_an_answer_that_ends_takes_a_place_for_good() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "\\boxed{1}", "\\boxed{2}", "d\n\n"],
        ["a1\n\n", "\\boxed{3}"],
        ["\\boxed{4}"],
    )
    # Two of four places are taken, so one prefix is kept, then one more: a single step is drawn.
    verifier = ScriptedVerifier([0.9, 0.3, 0.2, 0.1], [0.5, 0.5], [0.5])
    searches = await run_out(BeamSearch(n=4, m=2), tools(generator, verifier))
    assert [(len(a.prompts), a.n) for a in generator.asked] == [(1, 4), (1, 2), (1, 1)]
    assert sum(c.whole for c in searches[-1].candidates) == 4


async def test_equal_prefixes_are_kept_once() -> None:
    generator = ScriptedGenerator(["a\n\n", "a\n\n", "b\n\n", "c\n\n"])
    verifier = ScriptedVerifier([0.9, 0.8, 0.2, 0.1])
    search = await BeamSearch(n=4, m=2).advance(Search(epoch=1), tools(generator, verifier))
    assert texts(search) == ["a\n\n", "b\n\n"]
    assert endings(search) == [("s1-1", "pruned"), ("s1-3", "pruned")]


async def test_ties_keep_the_order_of_sampling() -> None:
    search = await one_round("c\n\n", "b\n\n", "a\n\n", "d\n\n", m=2)
    assert texts(search) == ["c\n\n", "b\n\n"]


@pytest.mark.parametrize(
    ("step", "ending"),
    [
        (cut_at_length("half a st"), "length"),
        (cut_off("half"), "stopped"),
        ("\n\n", "empty"),
        ("", "empty"),
        ("So \\boxed{7}.\n\n", "whole"),
        ("Done", "whole"),
        (" ", "empty"),
    ],
)
async def test_a_first_step_can_end_its_branch(step: object, ending: str) -> None:
    search = await one_round(step)
    assert endings(search) == [("s1-0", ending)]
    assert search.done
    assert [c.score is not None for c in search.candidates] == [ending == "whole"]


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        (["a\n\n", "a\n\n"], "repeated"),
        (["a\n\n", "b\n\n", "a\n\n", "b\n\n", "a\n\n"], "repeated"),
        (["a\n\n", ""], "whole"),
        (["a\n\n", "a"], "whole"),
    ],
)
async def test_a_later_step_can_end_its_branch(steps: list[str], ending: str) -> None:
    generator = ScriptedGenerator(*[[step] for step in steps])
    verifier = FakeVerifier(lambda s: 0.5)
    search = (await run_out(BeamSearch(n=1, m=1), tools(generator, verifier)))[-1]
    assert [c.ending for c in search.candidates] == [ending]
    assert [s.text for s in search.candidates[0].steps] == steps


async def test_a_branch_ends_at_the_token_limit_of_an_answer() -> None:
    generator = FakeGenerator(lambda prompt, k: f"step {len(generator.asked)}\n\n")
    given = tools(generator, FakeVerifier(lambda s: 0.5), sampling=Sampling(max_tokens=20))
    search = (await run_out(BeamSearch(n=1, m=1), given))[-1]
    assert [a.sampling.max_tokens for a in generator.asked] == [20, 12, 4]
    assert [(c.ending, c.n_tokens) for c in search.candidates] == [("length", 20)]


async def test_stops_at_steps_and_keeps_their_ends() -> None:
    generator = FakeGenerator(lambda prompt, k: "\\boxed{1}")
    await run_out(BeamSearch(n=4), tools(generator, FakeVerifier(lambda s: 0.5)))
    assert generator.asked[0].sampling.stop == ("\n\n",)


async def test_runs_forty_rounds_at_most() -> None:
    generator = FakeGenerator(lambda prompt, k: f"{len(generator.asked)} {k}\n\n")
    searches = await run_out(BeamSearch(n=4), tools(generator, FakeVerifier(lambda s: 0.5)))
    assert len(generator.asked) == searches[-1].rounds == MAX_ROUNDS == 40
    assert [c.ending for c in searches[-1].candidates[-4:]] == ["rounds"] * 4
    assert sum(c.ending == "rounds" for c in searches[-1].candidates) == 4


async def test_a_verifier_that_fails_in_the_middle_loses_nothing() -> None:
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "\\boxed{1}", "c\n\n"], ["a1\n\n", "\\boxed{2}"]
    )
    verifier = ScriptedVerifier([0.9, 0.8, 0.6, 0.7], BackendError("gone"))  # open ones first
    searches = await run_out(BeamSearch(n=4, m=2), tools(generator, verifier))
    assert searches[-1].faults == ("verifier: gone",)
    assert [(c.key, c.ending, c.score) for c in searches[-1].candidates] == [
        ("s1-2", "whole", 0.7),
        ("s1-1", "pruned", 0.8),
        ("s1-3", "pruned", 0.6),
        ("s1-0.1", "whole", None),
        ("s1-0.0", "stopped", None),
    ]


async def test_a_branch_too_long_for_the_verifier_is_last_and_said_so() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"])
    search = await BeamSearch(n=2, m=2).advance(
        Search(epoch=1), tools(generator, ScriptedVerifier([None, 0.1]))
    )
    assert texts(search) == ["b\n\n"]
    assert search.faults == ("verifier: 1 solutions are too long for it",)


async def test_a_beam_whose_request_failed_is_closed_and_kept() -> None:
    more = said("\\boxed{1}", STEP)
    generator = ScriptedGenerator(
        ["a\n\n", "b\n\n", "c\n\n", "d\n\n"],
        Sampled(batches=((), (more, more)), usage=Usage(), fault="broke"),
    )
    verifier = ScriptedVerifier([0.9, 0.8, 0.1, 0.1], [0.5, 0.5])
    search = (await run_out(BeamSearch(n=4, m=2), tools(generator, verifier)))[-1]
    assert ("s1-0", "stopped") in endings(search)
    assert search.faults == ("broke",)
    assert next(c for c in search.candidates if c.key == "s1-0").score == 0.9


async def test_a_generator_that_fails_raises() -> None:
    given = tools(ScriptedGenerator(BackendError("down")), ScriptedVerifier())
    with pytest.raises(BackendError, match="down"):
        await BeamSearch(n=4).advance(Search(), given)


async def test_without_a_verifier_nothing_is_sampled() -> None:
    generator = ScriptedGenerator()
    with pytest.raises(ValueError, match="verifier"):
        await BeamSearch(n=4).advance(Search(), tools(generator))
    assert generator.asked == []


@pytest.mark.parametrize(("n", "m"), [(4, 0), (3, 4), (0, 1)])
def test_refuses_widths_that_make_no_search(n: int, m: int) -> None:
    with pytest.raises(ValueError, match="m must be from 1 to n="):
        BeamSearch(n=n, m=m)


async def test_text_is_told_under_the_key_of_its_step() -> None:
    told: list[tuple[str, str]] = []
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], ["c", "d"])
    given = tools(
        generator, FakeVerifier(lambda s: 0.5), on_text=lambda key, text: told.append((key, text))
    )
    await run_out(BeamSearch(n=2, m=2), given)
    assert told == [("s1-0", "a\n\n"), ("s1-1", "b\n\n"), ("s1-0.0", "c"), ("s1-0.1", "d")]


async def test_another_epoch_has_its_own_places_and_keys() -> None:
    before = Search(epoch=2, generations=8, candidates=(Candidate(
        key="s1-0", origin="search", ending="whole", text="old", n_tokens=3),))  # fmt: skip
    generator = ScriptedGenerator(["\\boxed{1}", "\\boxed{2}"])
    search = await BeamSearch(n=2, m=1).advance(
        before, tools(generator, FakeVerifier(lambda s: 0.5), sampling=Sampling(seed=1))
    )
    assert [c.key for c in search.candidates] == ["s1-0", "s2-0", "s2-1"]
    assert search.generations == 10
    assert generator.asked[0].sampling.seed == 9


class Chance:
    """A model and a verifier that do anything, from a seed, and count the steps."""

    def __init__(self, seed: int, ends: float) -> None:
        self._random = random.Random(seed)
        self._ends = ends
        self.steps = 0

    def say(self, prompt: Prompt, number: int) -> str:
        self.steps += 1
        kind = self._random.random()
        if kind < self._ends:
            return self._random.choice(["\\boxed{1}", "\\boxed{2}\n\n", "the end", "", "\n\n"])
        return f"{self._random.choice('abcdef')}\n\n" if kind < 0.95 else "x" * 99

    def judge(self, steps: object) -> float:
        return self._random.choice([0.0, 0.25, 0.5, 1.0])


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    m=st.integers(1, 5),
    ends=st.sampled_from([0.0, 0.1, 0.4, 0.9]),
    rounds=st.integers(1, 8),
)
@settings(max_examples=150)
async def test_every_sampled_step_is_kept_once_and_the_cost_stays_at_n(
    seed: int, n: int, m: int, ends: float, rounds: int
) -> None:
    chance = Chance(seed, ends)
    strategy = BeamSearch(n=n, m=min(m, n), max_rounds=rounds)
    generator, verifier = FakeGenerator(chance.say), FakeVerifier(chance.judge)
    given: Tools = tools(generator, verifier, sampling=Sampling(max_tokens=40))
    searches = await run_out(strategy, given)
    for search in searches:
        branches = [c.steps for c in search.candidates] + list(search.live)
        leaves = [branch[-1].key for branch in branches]
        assert len(leaves) == len(set(leaves))
        inner = {step.parent for branch in branches for step in branch}
        assert not inner & set(leaves)  # what has ended is not gone on with
        finals = [c for c in search.candidates if c.ending != "pruned"]
        assert len(finals) + len(search.live) <= n
        assert search.generations <= strategy.generations == n
    last = searches[-1]
    assert len({step.key for c in last.candidates for step in c.steps}) == chance.steps
    assert len(generator.asked) == last.rounds <= rounds
    assert len(verifier.asked) <= len(generator.asked)
    assert all(a.n * len(a.prompts) <= n for a in generator.asked)
    assert not last.live
