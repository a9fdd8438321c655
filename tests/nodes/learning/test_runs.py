import numpy as np
import pytest

from forethought.nodes.learning.record import Floats
from forethought.nodes.learning.runs import chosen, error_of, joined, mean_of, outlay_of
from made_runs import made_runs

ONE = made_runs([[1, 0], [1, 1], [0, 0]], generations=8, tokens=100, read=50, rounds=2)
OTHER = made_runs([[0, 0], [0, 1], [1, 1]], generations=4, tokens=40, read=0, rounds=1)
EVERYWHERE = np.ones((3, 2), dtype=np.bool_)


def test_all_tokens_are_those_generated_and_those_the_verifier_read() -> None:
    assert (ONE.all_tokens == 150).all()


def test_runs_are_chosen_place_by_place() -> None:
    made = chosen([ONE, OTHER], np.array([[0, 1], [1, 0], [1, 1]]))
    assert made.right.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert made.tokens.tolist() == [[100, 40], [40, 100], [40, 40]]
    assert made.rounds.tolist() == [[2, 1], [1, 2], [1, 1]]


def test_parts_are_joined_at_their_places() -> None:
    places = [np.array([2, 0]), np.array([1])]
    again = joined([ONE.part(at) for at in places], places, 3)
    assert again.right.tolist() == ONE.right.tolist()
    mixed = joined([ONE.part(places[0]), OTHER.part(places[1])], places, 3)
    assert mixed.generations.tolist() == [[8, 8], [4, 4], [8, 8]]


def test_an_outlay_holds_the_means_of_the_marked_runs() -> None:
    outlay = outlay_of(ONE)
    assert (outlay.accuracy, outlay.generations, outlay.tokens) == (0.5, 8, 100)
    assert (outlay.verifier_tokens, outlay.rounds) == (50, 2)
    easy = np.array([[True, False], [True, True], [False, False]])
    assert outlay_of(ONE, easy).accuracy == 1.0
    assert outlay_of(ONE, easy).error == 0.0


def test_where_nothing_is_marked_all_means_are_zero() -> None:
    outlay = outlay_of(ONE, ~EVERYWHERE)
    assert (outlay.accuracy, outlay.error, outlay.tokens, outlay.rounds) == (0, 0, 0, 0)


def test_the_error_is_over_questions_and_not_over_runs() -> None:
    once = np.array([[1.0], [0.0], [1.0], [0.0]])
    marked = np.ones((4, 1), dtype=np.bool_)
    assert error_of(once, marked) == pytest.approx(0.25)
    repeated = np.repeat(once, 9, axis=1)
    assert error_of(repeated, np.repeat(marked, 9, axis=1)) == pytest.approx(0.25)


def test_runs_that_are_not_marked_bear_on_nothing() -> None:
    values = np.array([[1.0, 99.0], [0.0, 99.0], [1.0, 99.0]])
    marked = np.array([[True, False]] * 3)
    alone: Floats = values[:, :1]
    assert mean_of(values, marked) == pytest.approx(2 / 3)
    assert error_of(values, marked) == pytest.approx(error_of(alone, marked[:, :1]))
