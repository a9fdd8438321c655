"""A pool of recorded samples as arrays, in random orders: what a fit replays strategies on.

Shapes: Q questions, R orders of each, n samples, G answers. The first N of an order are a random
subset of N; the first few are the pilot that the same run would have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ..replay.ballots import Ballots, ballots_of
from ..replay.reading import Reading
from .pilots import orders_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """One pool; every array begins with the questions."""

    ids: npt.NDArray[np.str_]
    """(Q,)"""
    folds: Ints
    """(Q,) 0 or 1."""
    right: Bools
    """(Q, G) whether an answer is right, by most of its samples."""
    answers: Ints
    """(Q, R, n) the answer that each sample votes for; -1 is no vote."""
    scores: Floats
    """(Q, R, n) the verifier's score of the solution; 0 without a vote or a score."""
    firsts: Floats
    """(Q, R, n) its score of the first step; inf where that is the whole solution, or not scored."""
    tokens: Floats
    """(Q, R, n) generated."""
    first_tokens: Floats
    """(Q, R, n) of the first step."""
    read: Floats
    """(Q, R, n) by the verifier for a whole solution, the question's too; 0 where it is asked none."""
    question_tokens: Floats
    """(Q,) estimated from the characters, at the rate of the question's own samples."""

    @property
    def size(self) -> int:
        """Samples of each question."""
        return int(self.answers.shape[2])

    @property
    def orders(self) -> int:
        """Of each question."""
        return int(self.answers.shape[1])

    def part(self, places: Sequence[int] | Ints) -> Record:
        """Return the record of these questions."""
        return Record(**{f.name: getattr(self, f.name)[places] for f in fields(self)})


def record_of(readings: Sequence[Reading], *, orders: int, seed: int) -> Record:
    """Return the record of readings; its orders are those of `pilots.pilot_rows` with that seed.

    Raises:
        ValueError: there is no question, or one has no fold.
    """
    if not readings:
        raise ValueError("readings must hold at least one question")
    size = min(len(reading.votes) for reading in readings)
    drawn = [np.array(orders_of(reading, orders, seed))[:, :size] for reading in readings]
    ballots = [ballots_of(reading) for reading in readings]
    groups = max(int(votes.answers.max(initial=-1)) + 1 for votes in ballots) or 1
    rates = [_question_tokens(reading) for reading in readings]

    def stacked(values: list[Floats]) -> Floats:
        return np.stack([v[order] for v, order in zip(values, drawn, strict=True)])

    return Record(
        ids=np.array([reading.question.id for reading in readings]),
        folds=np.array([_fold(reading) for reading in readings], dtype=np.int64),
        right=np.stack([_right(votes, groups) for votes in ballots]),
        answers=np.stack([v.answers[order] for v, order in zip(ballots, drawn, strict=True)]),
        scores=stacked(
            [np.where(v.answers < 0, 0.0, np.nan_to_num(v.weights["last"])) for v in ballots]
        ),
        firsts=stacked([_firsts(reading) for reading in readings]),
        tokens=stacked([v.tokens.astype(np.float64) for v in ballots]),
        first_tokens=stacked([_first_tokens(reading) for reading in readings]),
        read=stacked(
            [
                np.where(v.verified_steps > 0, v.verified_tokens + rate, 0.0)
                for v, rate in zip(ballots, rates, strict=True)
            ]
        ),
        question_tokens=np.array(rates),
    )


def _fold(reading: Reading) -> int:
    if reading.question.fold is None:
        raise ValueError(f"{reading.question.id!r} has no fold")
    return reading.question.fold


def _right(votes: Ballots, groups: int) -> Bools:
    voting = votes.answers >= 0
    rights = np.bincount(votes.answers[voting], votes.right[voting], groups)
    result: Bools = 2 * rights > np.bincount(votes.answers[voting], minlength=groups)
    return result


def _firsts(reading: Reading) -> Floats:
    scores = [sample.scores or () for sample in reading.question.samples]
    return np.array([s[0] if len(s) > 1 else np.inf for s in scores])


def _first_tokens(reading: Reading) -> Floats:
    return np.array([(s.step_tokens or (s.n_tokens,))[0] for s in reading.question.samples], float)


def _question_tokens(reading: Reading) -> float:
    samples = reading.question.samples
    characters = sum(len(sample.text) for sample in samples) or 1
    return len(reading.question.text) * sum(s.n_tokens for s in samples) / characters
