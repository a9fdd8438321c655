from dataclasses import replace

from forethought.nodes.replay.differences import count_differences, differences
from forethought.nodes.replay.reading import NO_VOTE, Reading, Vote, recorded
from recorded_pools import question, sample

QUESTION = question(
    sample("1"), sample("1"), sample("1.0"), sample("2"), sample(None), sample("1", whole=False)
)
RECORD = recorded([QUESTION], cut_votes=True)


def vote(key: str, *, right: bool = False) -> Vote:
    return Vote(answer=key, key=key, right=right)


def reading(*votes: Vote) -> Reading:
    return replace(RECORD[0], votes=votes)


ONE, TWO, CUT = vote("n:1", right=True), vote("n:2"), NO_VOTE


def test_other_keys_for_the_same_groups_are_no_difference() -> None:
    same = reading(ONE, ONE, vote("x"), TWO, NO_VOTE, ONE)
    assert differences([same], RECORD) == []


def test_an_answer_that_joins_another_is_told_once() -> None:
    found = differences([reading(ONE, ONE, ONE, TWO, NO_VOTE, CUT)], RECORD)
    joined = next(difference for difference in found if difference.moved)
    assert (joined.recorded_answer, joined.key, joined.right) == ("1.0", "n:1", True)
    counts = count_differences(found, 6)
    assert (counts.moved, counts.right_gained, counts.right_lost) == (1, 1, 0)
    assert (counts.cut_votes, counts.cut_right, counts.samples) == (1, 1, 6)


def test_votes_lost_and_gained_are_counted_apart_from_cut_samples() -> None:
    found = differences([reading(NO_VOTE, NO_VOTE, vote("x"), TWO, vote("y"), CUT)], RECORD)
    counts = count_differences(found, 6)
    assert (counts.votes_lost, counts.votes_gained, counts.right_lost) == (2, 1, 2)
    assert (counts.cut_votes, counts.cut_right) == (1, 1)
    assert [difference.samples for difference in found] == [2, 1, 1]


def test_a_group_torn_apart_leaves_its_larger_part_at_home() -> None:
    torn = reading(ONE, vote("other"), vote("x"), TWO, NO_VOTE, ONE)
    found = differences([torn], RECORD)
    assert [(d.key, d.moved, d.recorded_right) for d in found] == [("other", True, True)]
