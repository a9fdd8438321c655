from forethought.nodes.replay.levels import groups_of, oracle_levels
from recorded_pools import ballots, question, sample


def test_levels_are_fifths_by_the_share_of_right_samples_easiest_first() -> None:
    shares = [3, 0, 9, 1, 5, 7, 0, 2, 8, 6]
    votes = [ballots(*[sample("1")] * k, *[sample("2")] * (9 - k)) for k in shares]
    assert oracle_levels(votes) == [3, 5, 1, 4, 3, 2, 5, 4, 1, 2]


def test_levels_by_hand_are_kept_beside_them() -> None:
    samples = (sample("1"),)
    questions = [question(*samples, id=str(i), level=level) for i, level in enumerate((2, 1, 2))]
    groups = groups_of(questions, [ballots(*samples)] * 3)
    assert groups["level 1"] == [1]
    assert groups["level 2"] == [0, 2]
    assert sum(len(members) for name, members in groups.items() if "oracle" in name) == 3
    assert all(groups.values())
