import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.algorithms.base import Selection
from forethought.nodes.algorithms.selection import select
from forethought.nodes.candidate import Candidate
from forethought.nodes.replay.ballots import Floats, Ints
from forethought.nodes.replay.tally import best_answers, count_leads, orders_of, random_orders

ANSWERS = st.sampled_from(["0", "1", "2", "3", None])
SIXTEENTHS = st.none() | st.integers(0, 16).map(lambda k: k / 16)
ROWS = st.lists(st.tuples(ANSWERS, SIXTEENTHS), min_size=1, max_size=10)


def drawn(rows: list[tuple[str | None, float | None]]) -> list[Candidate]:
    return [found(f"k{i}", answer, score) for i, (answer, score) in enumerate(rows)]


def arrays(rows: list[tuple[str | None, float | None]]) -> tuple[Ints, Floats]:
    answers = np.array([-1 if answer is None else int(answer) for answer, _ in rows])
    return answers, np.array([np.nan if score is None else score for _, score in rows])


def voted(candidates: list[Candidate], selection: Selection) -> int:
    """Return the answer that select() gives, -1 where nothing votes."""
    groups = select(candidates, selection).groups
    return int(groups[0].answer_key) if groups else -1


@given(ROWS, st.integers(0, 2**32))
def test_every_prefix_of_every_order_is_what_select_says(
    rows: list[tuple[str | None, float | None]], seed: int
) -> None:
    answers, scores = arrays(rows)
    orders = random_orders(answers, 4, np.random.default_rng(seed))
    totals = list(range(1, len(rows) + 1))
    count = count_leads(None, orders, totals)
    weighted = count_leads(scores, orders, totals)
    best = best_answers(scores, orders, totals)
    candidates = drawn(rows)
    for row, order in enumerate(orders.samples):
        for column, total in enumerate(totals):
            prefix = [candidates[i] for i in order[:total]]
            assert count.leader[row, column] == voted(prefix, "majority")
            assert best[row, column] == voted(prefix, "best")
            verdict = select(prefix, "weighted")
            assert weighted.leader[row, column] == voted(prefix, "weighted")
            weights = [group.weight for group in verdict.groups] + [0.0, 0.0]
            assert (weighted.first[row, column], weighted.second[row, column]) == (*weights[:2],)
            assert weighted.total[row, column] == sum(weights)


@given(ROWS)
def test_few_totals_say_what_all_totals_say(rows: list[tuple[str | None, float | None]]) -> None:
    answers, scores = arrays(rows)
    orders = orders_of(answers, np.arange(len(rows))[None, :])
    every = count_leads(scores, orders, range(1, len(rows) + 1))
    last = count_leads(scores, orders, [len(rows)])
    assert last.leader[0, 0] == every.leader[0, -1]
    assert last.first[0, 0] == every.first[0, -1]


def test_a_tie_goes_to_the_answer_found_first() -> None:
    answers = np.array([0, 1, 1, 0])
    orders = orders_of(answers, np.array([[0, 1, 2, 3], [2, 3, 0, 1]]))
    assert count_leads(None, orders, [4]).leader.tolist() == [[0], [1]]
    assert best_answers(np.full(4, 0.5), orders, [4]).tolist() == [[0], [1]]


def test_where_nothing_votes_nothing_leads() -> None:
    orders = orders_of(np.array([-1, -1]), np.array([[0, 1]]))
    leads = count_leads(np.array([0.5, 0.5]), orders, [1, 2])
    assert leads.leader.tolist() == [[-1, -1]]
    assert leads.first.tolist() == [[0.0, 0.0]]
    assert best_answers(np.array([0.5, 0.5]), orders, [1, 2]).tolist() == [[-1, -1]]


@pytest.mark.parametrize("n", [1, 7])
def test_each_order_holds_each_sample_once(n: int) -> None:
    orders = random_orders(np.arange(n), 5, np.random.default_rng(0))
    assert orders.samples.shape == (5, n)
    assert (np.sort(orders.samples, axis=1) == np.arange(n)).all()
