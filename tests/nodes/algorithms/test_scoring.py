from dataclasses import replace

import pytest

from fakes import FakeVerifier, ScriptedVerifier, ask, found
from forethought.nodes.aggregation import AGGREGATIONS, Aggregation
from forethought.nodes.algorithms.scoring import score_candidates

pytestmark = pytest.mark.anyio


async def test_what_is_scored_is_not_scored_again() -> None:
    verifier = ScriptedVerifier([0.3])
    given = [found("a", "1", 0.8), found("b", "2"), found("c", "3", ending="length")]
    scored = await score_candidates(ask(), given, verifier)
    assert [c.score for c in scored.candidates] == [0.8, 0.3, None]
    assert verifier.asked == [[["It is 2."]]]


async def test_without_a_verifier_or_without_work_nothing_is_asked() -> None:
    verifier = ScriptedVerifier()
    given = (found("a", "1", 0.8), replace(found("b", text=""), steps=()))
    assert (await score_candidates(ask(), given, verifier)).candidates == given
    assert (await score_candidates(ask(), [found("c")], None)).candidates == (found("c"),)


@pytest.mark.parametrize(
    ("aggregation", "score"), [("last", 0.5), ("min", 0.2), ("product", 0.05), ("mean", 0.4)]
)
async def test_aggregates_the_scores_of_the_steps(aggregation: Aggregation, score: float) -> None:
    verifier = FakeVerifier(lambda steps: {"a": 0.2, "b": 0.5}[steps[-1]])
    given = [found("x", text="b\n\na\n\nb")]
    scored = await score_candidates(ask(), given, verifier, aggregation)
    assert scored.candidates[0].score == pytest.approx(score)


def test_one_score_is_itself_under_every_aggregation() -> None:
    assert {aggregate([0.3]) for aggregate in AGGREGATIONS.values()} == {0.3}


async def test_a_verifier_of_whole_solutions_scores_no_step() -> None:
    verifier = FakeVerifier(lambda steps: 0.7)
    verifier.granularity = "solution"
    scored = await score_candidates(ask(), [found("x", text="a\n\nb")], verifier, "min")
    (candidate,) = scored.candidates
    assert (candidate.score, [step.score for step in candidate.steps]) == (0.7, [None, None])
