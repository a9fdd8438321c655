"""Recorded samples as the service would have seen them: candidates, pilots and votes in random orders.

Features come from the functions that the service calls, so a fitted model is used on what it was
fitted on. Chance is the seed's and the question's own: other questions do not move it. Records are
taken as they are; a pool that was drawn with another prompt or model is another generator.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ..algorithms.base import Selection
from ..algorithms.selection import select
from ..candidate import Candidate
from ..difficulty.features import pilot_features
from ..replay.pool import Sample
from ..replay.reading import Reading, Vote
from ..verdict_features import verdict_features


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotRow:
    """One pilot of one question."""

    place: int
    """Of the question among the readings."""
    candidates: tuple[Candidate, ...]
    """The pilot, in the order drawn."""
    features: dict[str, float]
    share: float
    """Share of right ones among the question's other samples: what the pilot is to foretell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """One vote on one question."""

    place: int
    """Of the question among the readings."""
    samples: int
    """N."""
    features: dict[str, float]
    confidence: float
    """The vote's own: the share of the weight that the answer holds; 0 without a vote."""
    right: bool
    """Whether the selected answer is."""


def candidate_of(sample: Sample, vote: Vote, key: str, *, cut_votes: bool = False) -> Candidate:
    """Return a recorded sample as a candidate of the service.

    The score is the last step's, and only of what may vote, as in the service. The confidence is
    the mean token log-probability. Steps are not kept: the features read none.
    """
    votes = sample.whole or cut_votes
    return Candidate(
        key=key,
        origin="search",
        ending="whole" if votes else "length",
        text=sample.text,
        n_tokens=sample.n_tokens,
        answer=vote.answer,
        answer_key=vote.key,
        score=sample.scores[-1] if votes and sample.scores else None,
        confidence=sample.logprob,
    )


def candidates_of(reading: Reading) -> tuple[Candidate, ...]:
    """Return all samples of a question as candidates, in their order, keyed by their number."""
    pairs = zip(reading.question.samples, reading.votes, strict=True)
    return tuple(
        candidate_of(sample, vote, str(i), cut_votes=reading.cut_votes)
        for i, (sample, vote) in enumerate(pairs)
    )


def pilot_rows(
    readings: Sequence[Reading], *, pilot: int, orders: int, seed: int
) -> list[PilotRow]:
    """Return `orders` pilots of each question, by question; one each when the pilot is 0.

    Raises:
        ValueError: a question has no sample besides the pilot, or `pilot` or `orders` is too small.
    """
    _check(readings, least=pilot + 1, orders=orders)
    if pilot < 0:
        raise ValueError(f"pilot must be 0 or more, not {pilot!r}")
    rows: list[PilotRow] = []
    for place, reading in enumerate(readings):
        candidates = candidates_of(reading)
        for order in orders_of(reading, orders if pilot else 1, seed):
            drawn = tuple(candidates[i] for i in order[:pilot])
            others = order[pilot:]
            rows.append(
                PilotRow(
                    place=place,
                    candidates=drawn,
                    features=pilot_features(reading.question.text, drawn),
                    share=sum(reading.votes[i].right for i in others) / len(others),
                )
            )
    return rows


def verdict_rows(
    readings: Sequence[Reading],
    *,
    totals: Sequence[int],
    orders: int,
    seed: int,
    selection: Selection = "weighted",
) -> list[VerdictRow]:
    """Return the vote among the first N samples of each of `orders`, for each N in `totals`.

    Raises:
        ValueError: a question has fewer samples than the largest N, or a number is not positive.
    """
    _check(readings, least=max(totals), orders=orders)
    if min(totals) < 1:
        raise ValueError(f"totals must be 1 or more, not {totals!r}")
    rows: list[VerdictRow] = []
    for place, reading in enumerate(readings):
        candidates = candidates_of(reading)
        for order in orders_of(reading, orders, seed):
            for n in totals:
                drawn = [candidates[i] for i in order[:n]]
                verdict = select(drawn, selection)
                winner = int(verdict.winner) if verdict.winner is not None else None
                rows.append(
                    VerdictRow(
                        place=place,
                        samples=n,
                        features=verdict_features(verdict, drawn),
                        confidence=verdict.confidence or 0.0,
                        right=winner is not None and reading.votes[winner].right,
                    )
                )
    return rows


def _check(readings: Sequence[Reading], *, least: int, orders: int) -> None:
    if orders < 1:
        raise ValueError(f"orders must be 1 or more, not {orders!r}")
    for reading in readings:
        if len(reading.votes) < least:
            raise ValueError(
                f"{reading.question.id!r} has {len(reading.votes)} samples, {least} are needed"
            )


def orders_of(reading: Reading, orders: int, seed: int) -> list[list[int]]:
    """Return random orders of the numbers of a question's samples."""
    chance = random.Random(f"{seed} {reading.question.id}")
    numbers = range(len(reading.votes))
    return [chance.sample(numbers, len(numbers)) for _ in range(orders)]
