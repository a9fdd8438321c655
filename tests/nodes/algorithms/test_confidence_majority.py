import math
from dataclasses import replace

import pytest

from fakes import ScriptedGenerator, SimpleEquality, run_out, tools
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.confidence_majority import ConfidenceMajority
from forethought.nodes.algorithms.selection import select
from forethought.nodes.candidate import Candidate
from forethought.nodes.equality.read import read_answers
from forethought.nodes.values import Completion

pytestmark = pytest.mark.anyio


def sampled(answer: str, *confidences: float) -> Completion:
    return Completion(
        text=f"\\boxed{{{answer}}}",
        end="eos",
        n_tokens=max(len(confidences), 1),
        logprobs=tuple(-c for c in confidences) or None,
        confidences=confidences or None,
    )


async def read(search: Search) -> tuple[Candidate, ...]:
    return await read_answers(search.candidates, "number", SimpleEquality())


async def test_the_mean_log_probability_asks_for_the_sampled_tokens_alone() -> None:
    generator = ScriptedGenerator([sampled("1", 0.1, 0.3), sampled("2", 2.0), sampled("2", 2.0)])
    last = (await run_out(ConfidenceMajority(n=3), tools(generator)))[-1]
    assert generator.asked[0].sampling.logprobs == 0
    assert [c.confidence for c in last.candidates] == pytest.approx([-0.2, -2.0, -2.0])
    assert [c.vote for c in last.candidates] == pytest.approx(
        [math.exp(-0.2), math.exp(-2.0), math.exp(-2.0)]
    )
    assert select(await read(last), "confidence").winner == "search-0"
    assert select(await read(last), "majority").winner == "search-1"


async def test_the_lowest_window_is_the_vote() -> None:
    generator = ScriptedGenerator([sampled("1", 9.0, 1.0, 3.0), sampled("2", 4.0, 4.0, 4.0)])
    strategy = ConfidenceMajority(n=2, measure="lowest_window", window=2, k=5)
    last = (await run_out(strategy, tools(generator)))[-1]
    assert generator.asked[0].sampling.logprobs == 5
    assert [c.vote for c in last.candidates] == [2.0, 4.0]


async def test_self_certainty_votes_by_rank() -> None:
    generator = ScriptedGenerator([sampled("1", 9.0), sampled("2", 4.0), sampled("2", 5.0)])
    strategy = ConfidenceMajority(n=3, measure="self_certainty", k=4, p=1.0)
    last = (await run_out(strategy, tools(generator)))[-1]
    assert [c.vote for c in last.candidates] == [3.0, 1.0, 2.0]
    assert last.candidates[0].confidence == pytest.approx(9.0 - math.log(4))


async def test_without_log_probabilities_the_count_decides() -> None:
    generator = ScriptedGenerator([sampled("1"), sampled("2"), sampled("2")])
    strategy = ConfidenceMajority(n=3, measure="lowest_window")
    last = (await run_out(strategy, tools(generator)))[-1]
    assert [c.vote for c in last.candidates] == [None] * 3
    verdict = select(await read(last), "confidence")
    assert (verdict.selection, verdict.winner) == ("majority", "search-1")


async def test_waves_cost_n_in_all() -> None:
    generator = ScriptedGenerator([sampled("1", 1.0)], [sampled("2", 1.0)] * 2)
    last = (await run_out(ConfidenceMajority(n=3, wave=1), tools(generator)))[-1]
    assert [a.n for a in generator.asked] == [1, 2]
    assert last.generations == ConfidenceMajority(n=3).generations == 3


async def test_a_candidate_without_a_vote_does_not_weigh() -> None:
    generator = ScriptedGenerator([sampled("1", 1.0)])
    last = (await run_out(ConfidenceMajority(n=1), tools(generator)))[-1]
    mine = await read(last)
    others = tuple(replace(mine[0], key=f"pilot-{i}", answer_key="9", vote=None) for i in range(3))
    verdict = select((*others, *mine), "confidence")
    assert verdict.winner == "search-0"
    assert verdict.confidence == 1.0


def test_borda_votes_come_all_at_once() -> None:
    with pytest.raises(ValueError, match="wave must be None"):
        ConfidenceMajority(n=4, measure="self_certainty", wave=2)
    with pytest.raises(ValueError, match="k and window"):
        ConfidenceMajority(n=4, k=0)
