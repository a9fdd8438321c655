"""The votes of one question as arrays, one place a sample: what replays count with.

Shapes are in samples n. Answers are numbers from 0 in the order they were drawn, -1 is no vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..aggregation import AGGREGATIONS, Aggregation
from ..algorithms.confidence_majority import ConfidenceMajority
from .pool import Sample
from .reading import Reading

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Weighing = Aggregation | Literal["mean_logprob", "lowest_step"]
"""What a vote weighs: the verifier's score of the whole solution, by aggregation, or the sample's
own confidence, by the mean log-probability of all tokens or of those of the least sure step."""

_VOTING = ConfidenceMajority(n=1, measure="mean_logprob")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ballots:
    """One question's samples."""

    answers: Ints
    """(n,) the answer that each votes for."""
    right: Bools
    """(n,) whether it votes for the gold answer."""
    weights: dict[Weighing, Floats]
    """(n,) each; nan where it was not scored, or has no log-probabilities."""
    tokens: Ints
    """(n,) generated."""
    verified_tokens: Ints
    """(n,) of the steps that the verifier read; the question's own are not recorded."""
    verified_steps: Ints
    """(n,) steps that the verifier scored."""

    @property
    def n(self) -> int:
        """Samples."""
        return len(self.answers)


def ballots_of(reading: Reading) -> Ballots:
    """Return the votes of a reading; the verifier reads what may vote, as in the service."""
    samples = reading.question.samples
    read = [sample.whole or reading.cut_votes for sample in samples]
    scores = [s.scores if asked else None for s, asked in zip(samples, read, strict=True)]
    numbers: dict[str, int] = {}
    answers = [
        -1 if vote.key is None else numbers.setdefault(vote.key, len(numbers))
        for vote in reading.votes
    ]
    return Ballots(
        answers=np.array(answers, dtype=np.int64),
        right=np.array([vote.right for vote in reading.votes], dtype=np.bool_),
        weights={
            **{
                name: _floats([aggregate(s) if s else None for s in scores])
                for name, aggregate in AGGREGATIONS.items()
            },
            "mean_logprob": _votes([sample.logprob for sample in samples]),
            "lowest_step": _votes([_lowest(sample) for sample in samples]),
        },
        tokens=np.array([sample.n_tokens for sample in samples], dtype=np.int64),
        verified_tokens=np.array(
            [
                sum(sample.step_tokens or ()) if s else 0
                for sample, s in zip(samples, scores, strict=True)
            ],
            dtype=np.int64,
        ),
        verified_steps=np.array([len(s or ()) for s in scores], dtype=np.int64),
    )


def _lowest(sample: Sample) -> float | None:
    return min(sample.step_logprobs) if sample.step_logprobs else None


def _votes(logprobs: Sequence[float | None]) -> Floats:
    """Return the votes that confidence-weighted majority gives by mean log-probability."""
    votes = iter(_VOTING.votes([logprob for logprob in logprobs if logprob is not None]))
    return _floats([None if logprob is None else next(votes) for logprob in logprobs])


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
