import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.candidate import Candidate, Ending
from forethought.nodes.difficulty.features import (
    FEATURES,
    feature_names,
    log_odds,
    pilot_features,
    question_features,
)

endings: st.SearchStrategy[Ending] = st.sampled_from(["whole", "length", "empty", "stopped"])


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    candidate = found(
        "k",
        draw(st.sampled_from(["1", "2", "3", None])),
        draw(st.none() | st.floats(0, 1)),
        ending=draw(endings),
        n_tokens=draw(st.integers(0, 10**9)),
    )
    return replace(candidate, confidence=draw(st.none() | st.floats()))


def test_votes_are_shares_of_all_samples() -> None:
    pilot = [found("a", "1"), found("b", "1"), found("c", "2"), found("d", "3", ending="length")]
    features = pilot_features("", pilot)
    assert features["leader_share"] == 0.5
    assert features["second_share"] == 0.25
    assert features["distinct_share"] == 0.5
    assert features["voting_share"] == 0.75
    assert features["cut_share"] == 0.25
    assert features["log_tokens"] == pytest.approx(math.log(11))


def test_scores_are_log_odds_and_a_sample_without_one_counts_as_zero() -> None:
    pilot = [found("a", "1", 0.9), found("b", "2", 0.5), found("c", "2", 0.6), found("d", "3")]
    features = pilot_features("", pilot)
    assert features["score_mean"] == pytest.approx(log_odds(0.5))
    assert features["score_best"] == pytest.approx(math.log(9))
    assert features["score_leader"] == pytest.approx(log_odds(1.1 / 4))
    assert features["score_leader_share"] == pytest.approx(1.1 / 2.0)


def test_without_scores_their_features_are_absent() -> None:
    features = pilot_features("How much?", [found("a", "1"), found("b")])
    assert set(features) == set(feature_names(["question", "votes"]))


def test_samples_that_are_all_cut_have_the_lowest_scores() -> None:
    features = pilot_features("", [found("a", ending="length")] * 4)
    assert features["score_mean"] == features["score_best"] == log_odds(0.0)
    assert features["score_leader_share"] == 0.0


def test_confidence_is_the_mean_of_those_that_have_one() -> None:
    pilot = [replace(found("a"), confidence=-0.2), replace(found("b"), confidence=-0.4), found("c")]
    assert pilot_features("", pilot)["confidence_mean"] == pytest.approx(-0.3)


def test_a_question_shows_its_length_and_its_numbers() -> None:
    assert question_features("Add 1,200 and 3.5 to 7.") == pytest.approx(
        {"question_log_characters": math.log(24), "question_log_numbers": math.log(4)}
    )


def test_without_samples_the_question_is_all_there_is() -> None:
    assert pilot_features("Why?", []) == question_features("Why?")


def test_every_feature_has_one_meaning_and_one_source() -> None:
    names = feature_names(FEATURES)
    assert len(set(names)) == len(names)
    assert feature_names(["confidence", "question"]) == (
        *FEATURES["question"],
        *FEATURES["confidence"],
    )


@given(st.text(), st.lists(candidates(), max_size=6))
def test_features_are_finite_and_named_in_the_table(text: str, pilot: list[Candidate]) -> None:
    features = pilot_features(text, pilot)
    assert all(map(math.isfinite, features.values()))
    assert set(features) <= set(feature_names(FEATURES))
    assert set(features) >= set(feature_names(["question"]))


@given(st.lists(candidates(), min_size=1, max_size=6), st.data())
def test_the_order_of_samples_changes_nothing(pilot: list[Candidate], data: st.DataObject) -> None:
    other = data.draw(st.permutations(pilot))
    assert pilot_features("", other) == pytest.approx(pilot_features("", pilot))
