import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import (
    DeadVerifier,
    FakeGenerator,
    FakeVerifier,
    Piece,
    ScriptedGenerator,
    ScriptedVerifier,
    cut_at_length,
    found,
    said,
    tools,
)
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.beginnings import draw_promising, first_score
from forethought.nodes.algorithms.draw import Drawn
from forethought.nodes.backends.base import Prompt, Sampled
from forethought.nodes.candidate import Candidate, Step
from forethought.nodes.errors import BackendError, BudgetSpent
from forethought.nodes.values import Sampling, Usage
from forethought.nodes.verifiers.base import Granularity

pytestmark = pytest.mark.anyio
FRESH = Search(epoch=1)


class SolutionVerifier(DeadVerifier):
    """Scores whole solutions only."""

    granularity: Granularity = "solution"


def endings(drawn: Drawn) -> list[tuple[str, str]]:
    return [(c.key, c.ending) for c in drawn.candidates]


async def test_low_beginnings_are_cut_and_the_others_finished_in_one_request() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n", "c\n\n"], ["a2\n\n\\boxed{1}", "\\boxed{3}"])
    verifier = ScriptedVerifier([0.75, 0.25, 0.5], [0.875, 0.625])
    drawn = await draw_promising(FRESH, tools(generator, verifier), 3, bar=0.5)
    assert [(len(a.prompts), a.n, a.sampling.stop) for a in generator.asked] == [
        (1, 3, ("\n\n",)),
        (2, 1, ()),
    ]
    assert generator.asked[1].begun == ["a\n\n", "c\n\n"]
    assert verifier.asked == [
        [["a"], ["b"], ["c"]],
        [["a", "a2", "\\boxed{1}"], ["c", "\\boxed{3}"]],
    ]
    assert endings(drawn) == [("s1-0.0", "whole"), ("s1-2.0", "whole"), ("s1-1", "pruned")]
    cut = drawn.candidates[2]
    assert (cut.text, cut.score, cut.n_tokens, cut.votes) == ("b", 0.25, 3, False)
    assert drawn.faults == ()
    assert generator.left == verifier.left == 0


async def test_steps_are_linked_and_scored_and_their_texts_join_to_the_whole() -> None:
    generator = ScriptedGenerator(["a\n\n"], ["b\n\n\\boxed{1}"])
    verifier = FakeVerifier(lambda steps: len(steps) / 4)
    (made,) = (await draw_promising(FRESH, tools(generator, verifier), 1, bar=0.25)).candidates
    assert [(s.key, s.parent, s.text.strip(), s.score) for s in made.steps] == [
        ("s1-0", None, "a", 0.25),
        ("s1-0.0.0", "s1-0", "b", 0.5),
        ("s1-0.0.1", "s1-0.0.0", "\\boxed{1}", 0.75),
    ]
    assert made.text == "a\n\nb\n\n\\boxed{1}" == "\n\n".join(s.text.strip() for s in made.steps)
    assert (made.score, made.n_tokens) == (0.75, len(made.text))


async def test_what_ends_in_its_first_step_is_whole_whatever_the_bar() -> None:
    generator = ScriptedGenerator(["\\boxed{1}", "\\boxed{2}\n\nmore", "c\n\n"])
    verifier = ScriptedVerifier([0.25], [0.125, 0.0625])
    drawn = await draw_promising(FRESH, tools(generator, verifier), 3, bar=0.5)
    assert endings(drawn) == [("s1-0", "whole"), ("s1-1", "whole"), ("s1-2", "pruned")]
    assert [c.score for c in drawn.candidates] == [0.125, 0.0625, 0.25]
    assert verifier.asked == [[["c"]], [["\\boxed{1}"], ["\\boxed{2}"]]]
    assert len(generator.asked) == 1


async def test_what_is_cut_at_the_limit_in_its_first_step_is_neither_read_nor_finished() -> None:
    generator = ScriptedGenerator([cut_at_length("a"), ""])
    verifier = ScriptedVerifier()
    drawn = await draw_promising(FRESH, tools(generator, verifier), 2, bar=0.5)
    assert endings(drawn) == [("s1-0", "length"), ("s1-1", "empty")]
    assert verifier.asked == []


async def test_what_is_cut_at_the_limit_later_keeps_the_score_of_its_first_step() -> None:
    generator = ScriptedGenerator(["a\n\n"], [cut_at_length("b")])
    verifier = ScriptedVerifier([0.75])
    (made,) = (await draw_promising(FRESH, tools(generator, verifier), 1, bar=0.5)).candidates
    assert (made.ending, made.score, [s.score for s in made.steps]) == (
        "length",
        None,
        [0.75, None],
    )


async def test_the_rest_has_the_tokens_that_its_beginning_left() -> None:
    generator = ScriptedGenerator(["aaaa\n\n", "b\n\n"], ["1", "2"])
    verifier = FakeVerifier(lambda steps: 0.5)
    given = tools(generator, verifier, sampling=Sampling(max_tokens=20))
    await draw_promising(FRESH, given, 2, bar=0.5)
    assert [a.sampling.max_tokens for a in generator.asked] == [20, 17]


async def test_a_verifier_that_fails_cuts_nothing_and_leaves_a_fault() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], ["\\boxed{1}", "\\boxed{2}"])
    verifier = ScriptedVerifier(BackendError("down"), [0.5, 0.25])
    drawn = await draw_promising(FRESH, tools(generator, verifier), 2, bar=0.5)
    assert [(c.ending, c.score) for c in drawn.candidates] == [("whole", 0.5), ("whole", 0.25)]
    assert drawn.faults == ("verifier: down",)


async def test_a_beginning_that_is_too_long_for_the_verifier_is_finished() -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], ["\\boxed{1}"])
    verifier = ScriptedVerifier([None, 0.25], [0.5])
    drawn = await draw_promising(FRESH, tools(generator, verifier), 2, bar=0.5)
    assert endings(drawn) == [("s1-0.0", "whole"), ("s1-1", "pruned")]
    assert drawn.faults == ("verifier: 1 solutions are too long for it",)


@pytest.mark.parametrize("error", [BackendError("down"), BudgetSpent("tokens")])
async def test_beginnings_that_cannot_be_finished_are_kept_as_they_stand(error: Exception) -> None:
    generator = ScriptedGenerator(["a\n\n", "b\n\n", "\\boxed{3}"], error)
    verifier = ScriptedVerifier([0.75, 0.25], [0.5])
    drawn = await draw_promising(FRESH, tools(generator, verifier), 3, bar=0.5)
    assert endings(drawn) == [("s1-2", "whole"), ("s1-0", "stopped"), ("s1-1", "pruned")]
    assert [c.score for c in drawn.candidates] == [0.5, 0.75, 0.25]
    assert drawn.faults == (str(error),)


async def test_a_beginning_whose_own_request_broke_off_is_kept_as_it_stands() -> None:
    reply = Sampled(
        batches=((), (said("\\boxed{1}", Sampling()),)), usage=Usage(calls=1), fault="broke"
    )
    generator = ScriptedGenerator(["a\n\n", "b\n\n"], reply)
    drawn = await draw_promising(
        FRESH, tools(generator, FakeVerifier(lambda steps: 0.5)), 2, bar=0.5
    )
    assert endings(drawn) == [("s1-1.0", "whole"), ("s1-0", "stopped")]
    assert drawn.faults == ("broke",)


async def test_where_nothing_is_begun_the_error_is_raised() -> None:
    generator = ScriptedGenerator(BackendError("down"))
    with pytest.raises(BackendError, match="down"):
        await draw_promising(FRESH, tools(generator, ScriptedVerifier()), 2, bar=0.5)


@pytest.mark.parametrize("verifier", [None, SolutionVerifier()])
async def test_without_a_verifier_of_steps_nothing_is_begun(
    verifier: SolutionVerifier | None,
) -> None:
    generator = ScriptedGenerator()
    with pytest.raises(ValueError, match="process verifier"):
        await draw_promising(FRESH, tools(generator, verifier), 2, bar=0.5)
    assert generator.asked == []


async def test_thinking_is_kept_apart_from_the_answer() -> None:
    generator = ScriptedGenerator(["<think>hm\n\n"], ["so</think>\n\nIt is \\boxed{2}"])
    (made,) = (
        await draw_promising(FRESH, tools(generator, FakeVerifier(lambda steps: 0.5)), 1, bar=0.5)
    ).candidates
    assert (made.thinking, made.text, made.ending) == ("hm\n\nso", "It is \\boxed{2}", "whole")


@pytest.mark.parametrize(
    ("rest", "ending"),
    [("so</think>", "empty"), ("so", "empty"), (cut_at_length("so"), "length")],
)
async def test_what_thinks_to_its_end_holds_no_answer(rest: Piece, ending: str) -> None:
    generator = ScriptedGenerator(["<think>hm\n\n"], [rest])
    (made,) = (
        await draw_promising(FRESH, tools(generator, FakeVerifier(lambda steps: 0.5)), 1, bar=0.5)
    ).candidates
    assert (made.text, made.ending) == ("", ending)


async def test_seeds_and_numbers_move_on_with_the_samples() -> None:
    generator = FakeGenerator(lambda prompt, k: "x" if prompt.prefix else f"{k}\n\n")
    given = tools(generator, FakeVerifier(lambda steps: 0.5), sampling=Sampling(seed=70))
    drawn = await draw_promising(replace(FRESH, generations=4), given, 2, bar=0.5)
    assert [c.key for c in drawn.candidates] == ["s1-4.0", "s1-5.0"]
    assert {a.sampling.seed for a in generator.asked} == {74}


async def test_text_is_told_under_the_key_of_its_step() -> None:
    told: list[tuple[str, str]] = []
    given = tools(
        ScriptedGenerator(["a\n\n"], ["b"]),
        FakeVerifier(lambda steps: 0.5),
        on_text=lambda key, text: told.append((key, text)),
    )
    await draw_promising(FRESH, given, 1, bar=0.5)
    assert told == [("s1-0", "a\n\n"), ("s1-0.0", "b")]


FIRST = Step(key="k", parent=None, text="a", score=0.25)
NEXT = Step(key="k.0", parent="k", text="b", score=0.5)


@pytest.mark.parametrize(
    ("candidate", "score"),
    [
        (replace(found("k"), steps=(FIRST, NEXT)), 0.25),
        (replace(found("k"), steps=(FIRST,)), math.inf),
        (replace(found("k", ending="pruned"), steps=(FIRST,)), 0.25),
        (replace(found("k", ending="stopped"), steps=(FIRST,)), 0.25),
        (replace(found("k", ending="length"), steps=(FIRST, NEXT)), 0.25),
        (replace(found("k"), steps=(replace(FIRST, score=None), NEXT)), math.inf),
        (replace(found("k"), steps=()), math.inf),
    ],
)
def test_a_first_step_has_a_score_where_it_is_a_beginning_that_was_read(
    candidate: Candidate, score: float
) -> None:
    assert first_score(candidate) == score


class Chance:
    """A model and a verifier that do anything, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def say(self, prompt: Prompt, number: int) -> str:
        word = "".join(self._random.choices("abc", k=4))
        return self._random.choice(
            [f"{word}\n\nb\n\n\\boxed{{1}}", f"{word}\n\n", "\\boxed{2}", "", "x" * 99, "<think>a"]
        )

    def judge(self, steps: object) -> float:
        return self._random.choice([0.0, 0.25, 0.5, 1.0])


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), bar=st.sampled_from([0.0, 0.25, 0.5]))
async def test_every_begun_answer_is_exactly_one_candidate_and_no_token_is_lost(
    seed: int, n: int, bar: float
) -> None:
    chance = Chance(seed)
    generator, verifier = FakeGenerator(chance.say), FakeVerifier(chance.judge)
    given = tools(generator, verifier, sampling=Sampling(max_tokens=40))
    drawn = await draw_promising(FRESH, given, n, bar=bar)
    assert sorted(c.key.split(".")[0] for c in drawn.candidates) == [f"s1-{i}" for i in range(n)]
    assert sum(c.n_tokens for c in drawn.candidates) == generator.usage.completion_tokens
    assert len(generator.asked) <= 2
    assert len(verifier.asked) <= 2
    for candidate in drawn.candidates:
        if candidate.ending == "pruned":
            assert candidate.score is not None
            assert candidate.score < bar
        assert (candidate.score is not None) == (candidate.ending in ("whole", "pruned"))
