import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.selection import select
from forethought.nodes.difficulty.features import pilot_features
from forethought.nodes.learning.pilots import candidates_of, pilot_rows, verdict_rows
from forethought.nodes.replay.reading import recorded
from forethought.nodes.verdict_features import verdict_features
from recorded_pools import question, sample
from simulated_pools import readings

CUT = sample("1", 0.4, whole=False)


def test_a_recorded_sample_is_the_candidate_that_the_service_would_have() -> None:
    reading = recorded([question(sample("1", 0.2, 0.7, n_tokens=9, step_logprobs=(-0.5, -0.1)))])[0]
    (candidate,) = candidates_of(reading)
    assert (candidate.answer, candidate.answer_key, candidate.score) == ("1", "1", 0.7)
    assert (candidate.ending, candidate.n_tokens) == ("whole", 9)
    assert candidate.confidence == pytest.approx(-0.3)
    assert candidate.votes


def test_a_cut_sample_has_neither_vote_nor_score_unless_cut_ones_vote() -> None:
    (cut,) = candidates_of(recorded([question(CUT)])[0])
    assert (cut.ending, cut.score, cut.votes) == ("length", None, False)
    (voting,) = candidates_of(recorded([question(CUT)], cut_votes=True)[0])
    assert (voting.ending, voting.score, voting.votes) == ("whole", 0.4, True)


def test_a_sample_that_was_not_scored_has_no_score() -> None:
    (candidate,) = candidates_of(recorded([question(sample("1"))])[0])
    assert candidate.score is None


def test_a_pilot_has_the_features_that_the_service_would_read() -> None:
    rows = pilot_rows(readings(5), pilot=4, orders=3, seed=1)
    assert [row.place for row in rows] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    for row in rows:
        assert len(row.candidates) == 4
        assert row.features == pilot_features("How much?", row.candidates)


@given(st.integers(0, 11), st.integers(0, 99))
def test_the_share_is_of_the_samples_that_are_not_in_the_pilot(pilot: int, seed: int) -> None:
    made = readings(5, samples=12)
    for row in pilot_rows(made, pilot=pilot, orders=2, seed=seed):
        right = sum(vote.right for vote in made[row.place].votes)
        inside = sum(candidate.answer_key == "1" for candidate in row.candidates)
        assert row.share == pytest.approx((right - inside) / (12 - pilot))


def test_the_question_alone_is_one_row() -> None:
    rows = pilot_rows(readings(5), pilot=0, orders=3, seed=1)
    assert [row.place for row in rows] == [0, 1, 2, 3, 4]


def test_orders_are_the_questions_own() -> None:
    made = readings(6)
    alone = pilot_rows(made[3:4], pilot=4, orders=2, seed=1)
    among = pilot_rows(made, pilot=4, orders=2, seed=1)[6:8]
    assert [row.features for row in alone] == [row.features for row in among]
    other = pilot_rows(made[3:4], pilot=4, orders=2, seed=2)
    assert [row.candidates for row in other] != [row.candidates for row in alone]


def test_a_vote_is_the_one_that_the_service_would_hold() -> None:
    made = readings(5)
    rows = verdict_rows(made, totals=(1, 12), orders=2, seed=1)
    assert [row.samples for row in rows] == [1, 12] * 10
    for row in rows:
        if row.samples == 12:
            everyone = candidates_of(made[row.place])
            verdict = select(everyone, "weighted")
            winner = next(c for c in everyone if c.key == verdict.winner)
            assert row.features == pytest.approx(verdict_features(verdict, everyone))
            assert row.confidence == pytest.approx(verdict.confidence)
            assert row.right == (winner.answer_key == "1")


def test_a_vote_without_an_answer_is_wrong() -> None:
    made = recorded([question(CUT, CUT)])
    (row,) = verdict_rows(made, totals=(2,), orders=1, seed=0)
    assert (row.right, row.confidence) == (False, 0.0)


@pytest.mark.parametrize(("pilot", "orders"), [(12, 1), (-1, 1), (4, 0)])
def test_impossible_pilots_are_refused(pilot: int, orders: int) -> None:
    with pytest.raises(ValueError, match=r"needed|must be"):
        pilot_rows(readings(5), pilot=pilot, orders=orders, seed=0)


@pytest.mark.parametrize(("totals", "orders"), [((0,), 1), ((13,), 1), ((1,), 0)])
def test_impossible_votes_are_refused(totals: tuple[int, ...], orders: int) -> None:
    with pytest.raises(ValueError, match=r"needed|must be"):
        verdict_rows(readings(5), totals=totals, orders=orders, seed=0)
