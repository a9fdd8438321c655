import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.algorithms.base import Selection
from forethought.nodes.algorithms.selection import select, select_across_chains
from forethought.nodes.candidate import Candidate, Ending

SELECTIONS: tuple[Selection, ...] = ("majority", "best", "weighted")
VOTERS = [
    found("a", "1", 0.9),
    found("b", "2", 0.6),
    found("c", "2", 0.5),
    found("d", "3", 0.1),
    found("e", "3", 0.1),
    found("f", "3", 0.2),
]
ANSWERS = st.sampled_from(["1", "2", "3", None])
MOSTLY_WHOLE: tuple[Ending, ...] = ("whole", "whole", "whole", "length")
ENDINGS = st.sampled_from(MOSTLY_WHOLE)
SIXTEENTHS = st.integers(0, 16).map(lambda k: k / 16)


@st.composite
def candidates(draw: st.DrawFn, scored: bool = True) -> list[Candidate]:
    rows = draw(st.lists(st.tuples(ANSWERS, SIXTEENTHS, ENDINGS), max_size=12))
    return [
        found(f"k{i}", answer, score if scored else None, ending=ending)
        for i, (answer, score, ending) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("selection", "winner", "weights"),
    [
        ("majority", "f", [("3", 3.0), ("2", 2.0), ("1", 1.0)]),
        ("best", "a", [("1", 0.9), ("2", 0.6), ("3", 0.2)]),
        ("weighted", "b", [("2", 1.1), ("1", 0.9), ("3", 0.4)]),
    ],
)
def test_chooses_by_its_rule(
    selection: Selection, winner: str, weights: list[tuple[str, float]]
) -> None:
    verdict = select(VOTERS, selection)
    assert (verdict.winner, verdict.selection) == (winner, selection)
    assert [(g.answer_key, round(g.weight, 9)) for g in verdict.groups] == weights
    total = sum(weight for _, weight in weights)
    assert verdict.confidence == pytest.approx(weights[0][1] / total)
    assert verdict.margin == pytest.approx((weights[0][1] - weights[1][1]) / total)


def test_members_are_best_first_and_the_answer_is_as_the_best_wrote_it() -> None:
    group = select(VOTERS, "weighted").groups[2]
    assert group.members == ("f", "d", "e")


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_tie_goes_to_the_answer_found_first(selection: Selection) -> None:
    tied = [found("a", "2", 0.5), found("b", "1", 0.5), found("c", "2", 0.5), found("d", "1", 0.5)]
    assert select(tied, selection).winner == "a"
    assert select(tied[::-1], selection).winner == "d"


@pytest.mark.parametrize("selection", ["best", "weighted"])
def test_where_nothing_is_scored_it_counts(selection: Selection) -> None:
    verdict = select([found("a", "1"), found("b", "2"), found("c", "2")], selection)
    assert (verdict.selection, verdict.winner, verdict.confidence) == ("majority", "b", 2 / 3)


def test_one_without_a_score_weighs_nothing_beside_scored_ones() -> None:
    verdict = select([found("a", "1"), found("b", "1"), found("c", "2", 0.1)], "weighted")
    assert (verdict.winner, verdict.confidence) == ("c", 1.0)


def test_scores_of_zero_leave_the_vote_without_confidence() -> None:
    verdict = select([found("a", "1", 0.0), found("b", "2", 0.0)], "weighted")
    assert (verdict.winner, verdict.confidence, verdict.margin) == ("a", 0.0, 0.0)
    assert not verdict.decided


def test_without_a_vote_the_best_whole_one_answers() -> None:
    given = [
        found("a", None, 0.3, text="short"),
        found("b", None, 0.6, text="better"),
        found("c", "9", 0.9, ending="length", n_tokens=99),
    ]
    verdict = select(given, "weighted")
    assert (verdict.winner, verdict.groups, verdict.confidence) == ("b", (), None)


def test_without_a_whole_one_the_longest_piece_is_shown() -> None:
    given = [
        found("a", ending="length", n_tokens=5),
        found("b", ending="stopped", n_tokens=9),
        found("c", ending="pruned", n_tokens=9),
        found("d", ending="empty", text="", n_tokens=99),
    ]
    assert select(given, "majority").winner == "b"


def test_of_nothing_nothing_wins() -> None:
    assert select([], "weighted").winner is None


@given(candidates(), st.sampled_from(SELECTIONS), st.randoms(use_true_random=False))
def test_the_order_changes_nothing_but_ties(
    given: list[Candidate], selection: Selection, chance: random.Random
) -> None:
    shuffled = list(given)
    chance.shuffle(shuffled)
    verdict, other = select(given, selection), select(shuffled, selection)
    assert {(g.answer_key, g.weight) for g in verdict.groups} == {
        (g.answer_key, g.weight) for g in other.groups
    }
    assert verdict.confidence == other.confidence
    weights = [g.weight for g in verdict.groups]
    if weights and weights.count(weights[0]) == 1:
        assert verdict.groups[0].answer_key == other.groups[0].answer_key


@given(candidates())
def test_weighted_is_the_largest_sum(given: list[Candidate]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for c in given:
        if c.whole and c.answer_key:
            sums[c.answer_key] += c.score or 0.0
    verdict = select(given, "weighted")
    assert {g.answer_key: g.weight for g in verdict.groups} == dict(sums)
    if sums:
        winner = next(c for c in given if c.key == verdict.winner)
        assert winner.answer_key == max(sums, key=lambda key: sums[key])
        assert winner.score == max(
            c.score or 0 for c in given if c.whole and c.answer_key == winner.answer_key
        )


@given(candidates(scored=False))
def test_majority_is_the_largest_count(given: list[Candidate]) -> None:
    counts = Counter(c.answer_key for c in given if c.whole and c.answer_key)
    verdict = select(given, "majority")
    if counts:
        assert verdict.groups[0].answer_key == counts.most_common(1)[0][0]
        assert verdict.groups[0].weight == counts.most_common(1)[0][1]
        assert verdict.confidence == counts.most_common(1)[0][1] / counts.total()
    else:
        assert verdict.groups == ()


@given(candidates())
def test_best_has_the_best_score_that_votes(given: list[Candidate]) -> None:
    voters = [c for c in given if c.votes]
    if voters:
        winner = next(c for c in given if c.key == select(given, "best").winner)
        assert winner.score == max(c.score or 0 for c in voters)


CHAINS = [
    [found("a0", "1", 0.4), found("a1", "1", 0.4), found("a2", "1", 0.4)],
    [found("b0", "2", 0.7), found("b1", "3", 0.6)],
    [found("c0", "2", 0.3)],
]


def test_across_chains_each_chain_sends_its_best_under_a_verifier() -> None:
    hierarchical = select_across_chains(CHAINS, "weighted")
    assert {g.answer_key: g.weight for g in hierarchical.groups} == {"1": 0.4, "2": 1.0}
    assert (hierarchical.winner, hierarchical.groups[0].members) == ("b0", ("b0", "c0"))
    flat = select([c for chain in CHAINS for c in chain], "weighted")
    assert flat.winner == "a0"  # the difference


def test_across_chains_the_majority_is_one_flat_vote() -> None:
    verdict = select_across_chains(CHAINS, "majority")
    assert (verdict.winner, verdict.groups[0].weight) == ("a0", 3.0)


def test_across_chains_it_is_flat_too_where_nothing_is_scored() -> None:
    unscored = [[found(c.key, c.answer) for c in chain] for chain in CHAINS]
    verdict = select_across_chains(unscored, "weighted")
    assert (verdict.selection, verdict.winner, verdict.groups[0].weight) == ("majority", "a0", 3.0)


def test_a_chain_of_nothing_but_cut_attempts_does_not_vote() -> None:
    chains = [[found("a", ending="length")], [found("b", "1", 0.1)]]
    verdict = select_across_chains(chains, "weighted")
    assert (verdict.winner, len(verdict.groups)) == ("b", 1)


@given(candidates(), st.sampled_from(SELECTIONS))
def test_chains_of_one_are_a_plain_vote(given: list[Candidate], selection: Selection) -> None:
    assert select_across_chains([[c] for c in given], selection) == select(given, selection)
