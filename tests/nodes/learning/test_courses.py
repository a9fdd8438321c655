from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forethought.nodes.learning.courses import (
    NEVER,
    Vote,
    course_of,
    leaders_of,
    stopped_runs,
    totals_for,
    whole_runs,
)
from forethought.nodes.learning.pilots import orders_of
from forethought.nodes.learning.record import record_of
from forethought.nodes.learning.runs import Runs
from forethought.nodes.replay.ballots import ballots_of
from forethought.nodes.replay.outcome import Outcome
from forethought.nodes.replay.pool import Sample
from forethought.nodes.replay.reading import Reading, recorded
from forethought.nodes.replay.run import budgets, replay_question
from forethought.nodes.replay.strategies import PILOT, REPLAYED
from forethought.nodes.replay.tally import Orders
from forethought.nodes.replay.tally import orders_of as labelled
from recorded_pools import question, sample
from stepped_pools import stepped

SIXTEENTHS = st.integers(0, 16).map(lambda k: k / 16)
SAMPLES = st.builds(
    lambda answer, scores, whole, n_tokens: sample(answer, *scores, whole=whole, n_tokens=n_tokens),
    st.sampled_from(["1", "2", "3", None]),
    st.lists(SIXTEENTHS, min_size=1, max_size=2),
    st.sampled_from([True, True, True, False]),
    st.integers(1, 9),
)
NAMES: dict[tuple[Vote, bool], str] = {
    ("weighted", False): "best-of-N weighted, last",
    ("weighted", True): "weighted, pilot and waves",
    ("majority", False): "majority",
    ("majority", True): "Adaptive-Consistency, pilot and waves",
}


def runs_for(
    reading: Reading, vote: Vote, stops: bool, n: int, *, pilot: int = PILOT, orders: int = 6
) -> Runs:
    record = record_of([reading], orders=orders, seed=0)
    course = course_of(record, vote, totals_for((n,), pilot))
    return (stopped_runs if stops else whole_runs)(course, n, pilot=pilot)


def same_orders(reading: Reading, orders: int) -> Orders:
    """Return the record's orders as the replay of pools takes them."""
    return labelled(ballots_of(reading).answers, np.array(orders_of(reading, orders, 0)))


def assert_same(runs: Runs, outcome: Outcome, question_tokens: float, read: float) -> None:
    """Compare runs with a replay's means; that leaves the question's tokens out, `read` times."""
    assert runs.right.mean() == pytest.approx(outcome.right)
    assert runs.generations.mean() == pytest.approx(outcome.samples)
    assert runs.tokens.mean() == pytest.approx(outcome.tokens)
    assert runs.verifier_tokens.mean() == pytest.approx(
        outcome.verified_tokens + question_tokens * read
    )


@settings(max_examples=60)
@given(st.lists(SAMPLES, min_size=1, max_size=20))
def test_runs_are_what_the_replay_of_pools_gives_in_the_same_orders(
    samples: Sequence[Sample],
) -> None:
    (reading,) = recorded([question(*samples)])
    votes, orders = ballots_of(reading), same_orders(reading, 6)
    record = record_of([reading], orders=6, seed=0)
    strategies = [REPLAYED[name] for name in NAMES.values()]
    outcomes = replay_question(votes, orders, votes.n, strategies)
    asked = float(record.question_tokens[0])
    solutions = (votes.verified_steps > 0)[orders.samples].cumsum(axis=1)
    for (vote, stops), name in NAMES.items():
        for n in budgets(votes.n):
            runs = runs_for(reading, vote, stops, n)
            ends = runs.generations[0].astype(np.int64)[:, None] - 1
            read = np.take_along_axis(solutions, ends, axis=1).mean() if vote == "weighted" else 0
            assert_same(runs, outcomes[name, n], asked, float(read))


def test_a_whole_draw_asks_once_for_the_pilot_and_once_for_the_rest() -> None:
    (reading,) = recorded([question(*[sample("1", 0.5)] * 12)])
    assert (runs_for(reading, "weighted", False, 4).rounds == 1).all()
    assert (runs_for(reading, "weighted", False, 3).rounds == 1).all()
    assert (runs_for(reading, "weighted", False, 12).rounds == 2).all()


def test_an_early_stop_asks_once_a_wave() -> None:
    sure, doubted = (recorded([question(*[sample("1", score)] * 16)])[0] for score in (1.0, 0.0625))
    stopped = runs_for(sure, "weighted", True, 16)
    assert (stopped.generations == 4).all()
    assert (stopped.rounds == 1).all()
    drawn = runs_for(doubted, "weighted", True, 16)
    assert (drawn.generations == 16).all()
    assert (drawn.rounds == 3).all()  # the pilot, 4 and 8


def test_a_majority_pays_no_verifier() -> None:
    (reading,) = recorded([question(*[sample("1", 0.5)] * 8)])
    assert (runs_for(reading, "majority", False, 8).verifier_tokens == 0).all()
    assert (runs_for(reading, "weighted", False, 8).verifier_tokens > 0).all()


@pytest.mark.parametrize("score", [0.0, 0.5])
def test_a_tie_goes_to_the_answer_found_first_in_each_order(score: float) -> None:
    (reading,) = recorded([question(*(sample(answer, score) for answer in "2121"))])
    firsts = [order[0] for order in orders_of(reading, 12, 0)]
    runs = runs_for(reading, "weighted", False, 4, orders=12)
    assert runs.right[0].tolist() == [float(first % 2) for first in firsts]


def test_without_a_vote_nothing_is_right_or_decided() -> None:
    (reading,) = recorded([question(*[sample(None, 1.0)] * 8)])
    runs = runs_for(reading, "weighted", True, 8)
    assert (runs.right == 0).all()
    assert (runs.generations == 8).all()


def test_leaders_have_most_weight_and_were_found_first() -> None:
    standing = np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = np.array([[0, 5, 3], [NEVER, NEVER, 7], [NEVER, NEVER, NEVER]])
    assert leaders_of(standing, found).tolist() == [2, 2, 0]


@given(budget=st.sets(st.integers(1, 64), min_size=1), pilot=st.integers(1, 8))
def test_totals_ascend_and_hold_every_budget(budget: set[int], pilot: int) -> None:
    totals = totals_for(sorted(budget), pilot)
    assert list(totals) == sorted(set(totals))
    assert budget <= set(totals)
    assert totals[-1] == max(budget)


def test_a_course_is_not_moved_by_the_totals_beside() -> None:
    record = record_of(stepped(6), orders=3, seed=0)
    few, many = course_of(record, "weighted", (4, 16)), course_of(record, "weighted", range(1, 17))
    assert (few.right == many.right[:, :, [3, 15]]).all()
    assert (few.decided == many.decided[:, :, [3, 15]]).all()
    assert (few.tokens == many.tokens[:, :, [3, 15]]).all()


def test_replays_leave_the_course_as_it_was() -> None:
    course = course_of(record_of(stepped(6), orders=3, seed=0), "weighted", (4, 8, 16))
    before = course.decided.copy()
    stopped_runs(course, 16, pilot=4)
    assert (course.decided == before).all()
