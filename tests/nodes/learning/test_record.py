from dataclasses import replace

import numpy as np
import pytest

from forethought.nodes.learning.pilots import orders_of, pilot_rows
from forethought.nodes.learning.record import record_of
from forethought.nodes.replay.reading import Reading, recorded
from recorded_pools import question, sample
from stepped_pools import stepped

HAND = (
    sample("1", 0.75, 0.25, n_tokens=9),
    sample("2", 0.5, n_tokens=5),
    sample("1", 0.25, 0.5, 0.875, whole=False, n_tokens=12),
    sample(None, 0.375, 0.125, n_tokens=8),
    sample("1", n_tokens=7),
)


def by_hand() -> Reading:
    return recorded([question(*HAND)])[0]


def test_samples_stand_in_the_orders_that_the_pilots_are_drawn_in() -> None:
    readings = stepped(4, samples=10)
    record = record_of(readings, orders=3, seed=5)
    assert record.answers.shape == (4, 3, 10)
    assert (record.size, record.orders) == (10, 3)
    for place, row in enumerate(pilot_rows(readings, pilot=4, orders=3, seed=5)):
        q, r = divmod(place, 3)
        assert row.place == q
        assert record.tokens[q, r, :4].tolist() == [c.n_tokens for c in row.candidates]
        assert record.scores[q, r, :4].tolist() == [
            c.score if c.votes else 0.0 for c in row.candidates
        ]


def test_a_sample_has_its_answer_its_scores_and_its_costs() -> None:
    reading = by_hand()
    record = record_of([reading], orders=1, seed=0)
    (order,) = orders_of(reading, 1, 0)
    back = np.argsort(order)
    asked = float(record.question_tokens[0])
    assert record.answers[0, 0][back].tolist() == [0, 1, -1, -1, 0]
    assert record.scores[0, 0][back].tolist() == [0.25, 0.5, 0, 0, 0]
    assert record.firsts[0, 0][back].tolist() == [0.75, np.inf, 0.25, 0.375, np.inf]
    assert record.tokens[0, 0][back].tolist() == [9, 5, 12, 8, 7]
    assert record.first_tokens[0, 0][back].tolist() == [4, 4, 4, 4, 7]
    assert record.read[0, 0][back] == pytest.approx([asked + 8, asked + 4, 0, asked + 8, 0])


def test_a_question_has_the_tokens_of_as_many_characters_of_its_samples() -> None:
    record = record_of([by_hand()], orders=1, seed=0)
    characters = sum(len(made.text) for made in HAND)
    assert record.question_tokens[0] == pytest.approx(len("How much?") * 41 / characters)


def test_an_answer_is_right_by_most_of_its_samples() -> None:
    graded = replace(sample("2"), right=True)
    reading = recorded([question(sample("2"), graded, graded, sample("1"), sample("3"))])[0]
    assert record_of([reading], orders=1, seed=0).right.tolist() == [[True, True, False]]


def test_questions_without_any_vote_have_an_answer_that_is_wrong() -> None:
    reading = recorded([question(sample(None, 0.5), sample(None, 0.5))])[0]
    assert record_of([reading], orders=1, seed=0).right.tolist() == [[False]]


def test_all_questions_have_as_many_samples_as_the_one_with_fewest() -> None:
    readings = recorded([question(*HAND, id="a"), question(*[sample("1", 0.5, 0.5)] * 3, id="b")])
    record = record_of(readings, orders=2, seed=0)
    assert record.answers.shape == (2, 2, 3)
    assert record.ids.tolist() == ["a", "b"]


def test_a_part_holds_the_questions_that_are_named() -> None:
    readings = stepped(6)
    record = record_of(readings, orders=2, seed=1)
    part = record.part([4, 1])
    assert part.ids.tolist() == ["q4", "q1"]
    assert (part.tokens == record.tokens[[4, 1]]).all()
    assert part.folds.tolist() == record.folds[[4, 1]].tolist()


def test_what_makes_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one question"):
        record_of([], orders=1, seed=0)
    reading = by_hand()
    unfolded = replace(reading, question=replace(reading.question, fold=None))
    with pytest.raises(ValueError, match="'q' has no fold"):
        record_of([unfolded], orders=1, seed=0)
