import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.algorithms.base import Selection
from forethought.nodes.algorithms.selection import select
from forethought.nodes.candidate import Candidate, Ending
from forethought.nodes.difficulty.features import log_odds
from forethought.nodes.verdict_features import SCORED_FEATURES, VERDICT_FEATURES, verdict_features

FOUND = [
    found("a", "1", 0.9),
    found("b", "2", 0.3),
    found("c", "2", 0.2),
    found("d", "1", 0.8),
    found("e", ending="length"),
]


def features_of(candidates: list[Candidate], selection: Selection = "weighted") -> dict[str, float]:
    return verdict_features(select(candidates, selection), candidates)


def test_what_a_vote_shows() -> None:
    features = features_of(FOUND)
    assert features == pytest.approx(
        {
            "log_samples": math.log(5),
            "winner_votes": 0.4,
            "winner_margin": 0.0,
            "winner_log_votes": math.log(3),
            "other_log_votes": math.log(3),
            "voting_share": 0.8,
            "distinct_share": 0.4,
            "log_tokens": math.log(11),
            "winner_log_weight": math.log(2.7),
            "other_log_weight": math.log(1.5),
            "winner_weight_share": 1.7 / 2.2,
            "winner_best": math.log(9),
            "score_mean": log_odds(2.2 / 5),
        }
    )


def test_they_mean_the_same_under_every_selection_with_the_same_winner() -> None:
    assert features_of(FOUND, "best") == features_of(FOUND, "majority") == features_of(FOUND)


def test_a_winner_with_fewer_votes_than_another_has_a_negative_margin() -> None:
    features = features_of([found("a", "1", 0.9), found("b", "2", 0.1), found("c", "2", 0.1)])
    assert features["winner_margin"] == pytest.approx(-1 / 3)


def test_without_scores_their_features_are_absent() -> None:
    assert set(features_of([found("a", "1"), found("b", "2")])) == set(VERDICT_FEATURES)


def test_an_answer_without_a_vote_has_no_support() -> None:
    features = features_of([found("a", ending="length"), found("b", ending="length")])
    assert features["winner_votes"] == features["winner_log_weight"] == 0.0
    assert features["winner_best"] == log_odds(0.0)


def test_nothing_at_all_is_told_in_finite_numbers() -> None:
    features = features_of([])
    assert all(map(math.isfinite, features.values()))


def test_what_a_search_gave_up_is_no_sample() -> None:
    given_up = [found("x", ending="pruned"), found("y", ending="rollout")]
    assert features_of(FOUND + given_up) == features_of(FOUND)


def test_finals_of_one_beginning_that_say_the_same_are_one_witness() -> None:
    twin = replace(FOUND[0], key="twin")
    assert features_of([*FOUND, twin])["winner_votes"] == features_of(FOUND)["winner_votes"]


endings: st.SearchStrategy[Ending] = st.sampled_from(["whole", "length", "pruned", "rollout"])
rows = st.tuples(st.sampled_from(["1", "2", "3", None]), st.none() | st.floats(0, 1), endings)


@given(st.lists(rows, max_size=8), st.sampled_from(["majority", "best", "weighted"]))
def test_features_are_finite_and_in_the_tables(
    drawn: list[tuple[str | None, float | None, Ending]], selection: Selection
) -> None:
    candidates = [
        found(str(i), answer, score, ending=ending)
        for i, (answer, score, ending) in enumerate(drawn)
    ]
    features = features_of(candidates, selection)
    assert all(map(math.isfinite, features.values()))
    assert set(VERDICT_FEATURES) <= set(features) <= {*VERDICT_FEATURES, *SCORED_FEATURES}
    assert features["winner_votes"] <= features["voting_share"] <= 1.0
