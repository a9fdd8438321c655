from collections.abc import Sequence
from dataclasses import replace

import pytest

from forethought.nodes.equality.plain import number_key
from forethought.nodes.replay.reading import Vote, recorded, reread
from forethought.nodes.values import Kind
from recorded_pools import question, sample

pytestmark = pytest.mark.anyio


class Numbers:
    """An equality that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        assert kind == "math"
        self.asked.append(list(answers))
        return [number_key(answer) for answer in answers]


HALF = question(
    sample("0.50", gold="1/2"),
    sample("1/2", gold="1/2"),
    sample(None),
    sample("1/2", gold="1/2", whole=False),
    gold="1/2",
)


async def test_answers_are_read_and_compared_anew() -> None:
    equality = Numbers()
    reading, other = await reread([HALF, question(sample("7"), id="r")], "math", equality)
    assert [vote.right for vote in reading.votes] == [True, True, False, False]
    assert reading.votes[0] == Vote(answer="0.50", key="n:1/2", right=True)
    assert reading.votes[3] == Vote(answer=None, key=None, right=False)
    assert (reading.gold_key, reading.greedy) == (
        "n:1/2",
        Vote(answer="1/2", key="n:1/2", right=True),
    )
    assert [vote.right for vote in other.votes] == [False]


async def test_each_answer_is_evaluated_once_for_all_questions() -> None:
    equality = Numbers()
    await reread([HALF, replace(HALF, id="r")], "math", equality)
    assert equality.asked == [["0.50", "1/2"]]


async def test_a_gold_answer_without_a_key_makes_no_vote_right() -> None:
    nameless = question(sample("so"), gold="so")
    reading = (await reread([nameless], "math", Numbers()))[0]
    assert reading.gold_key is None
    assert not reading.votes[0].right


async def test_cut_samples_vote_where_that_is_asked_for() -> None:
    reading = (await reread([HALF], "math", Numbers(), cut_votes=True))[0]
    assert [vote.right for vote in reading.votes] == [True, True, False, True]


def test_the_record_is_taken_as_it_is() -> None:
    one = recorded([HALF])[0]
    assert [vote.key for vote in one.votes] == ["0.50", "1/2", None, None]
    assert [vote.right for vote in one.votes] == [False, True, False, False]
    both = recorded([replace(HALF, greedy=None)], cut_votes=True)[0]
    assert [vote.key for vote in both.votes] == ["0.50", "1/2", None, "1/2"]
    assert both.greedy is None
