"""What a replay of one pool found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .ballots import ballots_of
from .differences import Difference, DifferenceCounts, count_differences, differences
from .levels import groups_of
from .outcome import Outcomes
from .pool import Pool
from .reading import Reading, recorded
from .statistics import Row, Saving, bootstrap_draws, rows_of, savings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReplay:
    """All strategies on one pool."""

    pool: str
    sha256: str
    """Of the pool's file."""
    questions: int
    size: int
    """Samples of each question, the largest N."""
    tokens: float
    """Mean of a sample."""
    greedy: float | None
    """Accuracy of the samples at temperature 0; None where they are missing."""
    levels: dict[str, int]
    """Questions of each level."""
    rows: tuple[Row, ...]
    savings: tuple[Saving, ...]
    counts: DifferenceCounts
    """How the reading differs from the record, in samples."""
    differences: tuple[Difference, ...]


def conclude(
    pool: Pool, readings: Sequence[Reading], outcomes: Sequence[Outcomes], *, draws: int, seed: int
) -> PoolReplay:
    """Return the result; readings and outcomes are those of the pool's questions, in their order."""
    groups = groups_of(pool.questions, [ballots_of(reading) for reading in readings])
    weights = bootstrap_draws(len(pool.questions), draws, seed)
    tokens = [sample.n_tokens for question in pool.questions for sample in question.samples]
    greedy = [reading.greedy.right for reading in readings if reading.greedy]
    found = differences(readings, recorded(pool.questions, cut_votes=True))
    return PoolReplay(
        pool=pool.name,
        sha256=pool.sha256,
        questions=len(pool.questions),
        size=pool.size,
        tokens=math.fsum(tokens) / len(tokens),
        greedy=sum(greedy) / len(greedy) if len(greedy) == len(readings) else None,
        levels={name: len(members) for name, members in groups.items()},
        rows=tuple(rows_of(outcomes, groups, weights)),
        savings=tuple(savings_of(outcomes, weights)),
        counts=count_differences(found, len(tokens)),
        differences=tuple(found),
    )
