import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeGenerator, ScriptedGenerator, SimpleEquality, cut_off, tools
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.deepconf import DeepConf
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import Prompt
from forethought.nodes.equality.read import read_answers
from forethought.nodes.values import Completion, End, Sampling
from trees import all_steps_once, endings

pytestmark = pytest.mark.anyio
LIMIT = Sampling(max_tokens=12)


def written(text: str, *confidences: float, end: End = "eos") -> Completion:
    return Completion(
        text=text, end=end, n_tokens=max(len(confidences), 1), confidences=confidences or None
    )


def whole(answer: str, *confidences: float) -> Completion:
    return written(f"\\boxed{{{answer}}}", *confidences)


def part(*confidences: float) -> Completion:
    return written("hm ", *confidences, end="length")


async def run(strategy: DeepConf, generator: ScriptedGenerator | FakeGenerator) -> Search:
    search = Search(epoch=1)
    while not search.done:
        after = await strategy.advance(search, tools(generator, sampling=LIMIT))
        new = after.candidates[len(search.candidates) :]
        read = await read_answers(new, "number", SimpleEquality())
        search = replace(after, candidates=search.candidates + read)
    return search


async def test_weak_samples_are_stopped_between_chunks_and_do_not_vote() -> None:
    generator = ScriptedGenerator(
        [whole("1", 4.0, 4.0), whole("2", 2.0, 6.0), whole("3", 8.0, 8.0)],
        [part(5.0, 5.0), part(5.0, 1.0)],
        [whole("1", 5.0), whole("2", 5.0, 5.0)],
    )
    strategy = DeepConf(n=6, warm_up=3, eta=100, window=2, chunk=2, width=2, min_ballot=1)
    # Lowest groups 4, 4 and 8: s is 4. The second sample falls to 3.
    search = Search(epoch=1)
    given_ = tools(generator, sampling=LIMIT)
    search = await strategy.advance(search, given_)
    assert strategy.threshold(search) == 4.0
    assert generator.asked[0].sampling.logprobs == 20
    assert generator.asked[0].sampling.max_tokens == 12
    search = await strategy.advance(search, given_)
    assert [b[-1].key for b in search.live] == ["s1-3"]
    assert endings(search)[-1] == ("s1-4", "pruned")
    assert search.candidates[-1].vote == 0.0
    assert search.generations == 5
    search = await strategy.advance(search, given_)
    assert [len(a.prompts) for a in generator.asked] == [3, 2, 2]
    assert generator.asked[2].begun == ["hm ", ""]
    assert search.done
    assert search.generations == 6 == strategy.generations
    assert [c.vote for c in search.candidates[-2:]] == [5.0, 5.0]
    assert all(step.confidences is None for c in search.candidates for step in c.steps)


async def test_a_warm_up_sample_below_the_threshold_has_no_vote() -> None:
    generator = ScriptedGenerator([whole("1", 1.0), whole("2", 2.0), whole("3", 9.0)])
    last = await run(DeepConf(n=3, warm_up=3, eta=40, window=1, min_ballot=1), generator)
    assert [c.vote for c in last.candidates] == [0.0, 0.0, 9.0]


async def test_the_surest_vote_where_the_filter_leaves_too_few() -> None:
    generator = ScriptedGenerator([whole("1", 1.0), whole("2", 2.0), whole("3", 9.0)])
    last = await run(DeepConf(n=3, warm_up=3, eta=10, window=1, min_ballot=2), generator)
    assert [c.vote for c in last.candidates] == [0.0, 2.0, 9.0]


async def test_a_consensus_ends_the_draw_and_what_is_being_written() -> None:
    generator = ScriptedGenerator(
        [whole("1", 4.0), whole("1", 4.0), whole("2", 1.0)], [whole("1", 40.0), part(4.0)]
    )
    strategy = DeepConf(n=9, warm_up=3, eta=100, window=1, width=2, tau=0.97, min_ballot=4)
    last = await run(strategy, generator)
    assert (last.decided, last.generations) == (True, 5)
    assert endings(last)[-1] == ("s1-4", "pruned")
    assert select(last.candidates, "confidence").winner == "s1-3"


async def test_a_small_ballot_is_no_consensus() -> None:
    generator = ScriptedGenerator([whole("1", 4.0)] * 2, [whole("1", 4.0)])
    last = await run(DeepConf(n=3, warm_up=2, window=1, width=1, min_ballot=3), generator)
    assert (last.generations, last.decided) == (3, False)


async def test_without_log_probabilities_nothing_is_stopped_and_the_count_decides() -> None:
    generator = ScriptedGenerator([whole("1")], [whole("2"), whole("2")])
    last = await run(DeepConf(n=3, warm_up=1), generator)
    assert [c.vote for c in last.candidates] == [None] * 3
    assert select(last.candidates, "confidence").winner == "s1-1"


async def test_a_sample_at_its_limit_is_cut_and_one_that_breaks_off_is_kept() -> None:
    generator = ScriptedGenerator(
        [whole("1", 4.0)], [part(*[5.0] * 8), cut_off("x")], [part(*[5.0] * 4)]
    )
    last = await run(DeepConf(n=3, warm_up=1, window=1, chunk=8, width=2), generator)
    assert endings(last)[1:] == [("s1-2", "stopped"), ("s1-1.0", "length")]
    assert [a.sampling.max_tokens for a in generator.asked] == [12, 8, 4]


@pytest.mark.parametrize("numbers", [{"n": 0}, {"n": 4, "eta": 0.0}, {"n": 4, "chunk": 0}])
def test_numbers_out_of_range_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        DeepConf(**numbers)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 9), width=st.integers(1, 4))
async def test_every_piece_is_in_one_place(seed: int, n: int, width: int) -> None:
    rng = random.Random(seed)

    def say(prompt: Prompt, number: int) -> Completion:
        confidence = rng.uniform(0.5, 9)
        if rng.random() < 0.6 and sum(s.n_tokens or 0 for s in prompt.prefix) < 9:
            return part(confidence, confidence)
        return whole(str(number % 2), confidence)

    generator = FakeGenerator(say)
    strategy = DeepConf(n=n, warm_up=3, window=2, chunk=2, width=width)
    last = await run(strategy, generator)
    assert all_steps_once(last, generator)
    assert last.generations <= n
    assert all(len(asked.prompts) <= max(width, 3) for asked in generator.asked)
