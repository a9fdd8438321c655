"""What an evaluation showed: accuracy with its interval, by level, and what it cost.

A run that failed is a wrong answer and is counted as failed beside that. Costs are means over the
runs that ended with an answer, since a failed one does not know all of its own; a number that a run
does not have is left out of its mean.

Intervals: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA
22; they hold near 0 and 1 and for few questions, where the normal interval does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959963984540054
"""Of a 95% interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """One question of an evaluation; None is what is not known of its run."""

    right: bool
    failed: bool
    """The run gave no answer; never right."""
    level: int | None
    """As the data has it."""
    generations: int | None
    completion_tokens: int | None
    verifier_tokens: int | None
    prompt_tokens: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of right answers, with its 95% interval; all in [0, 1]."""

    right: int
    of: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """How long a question took."""

    mean: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All questions of an evaluation that were asked so far."""

    accuracy: Share
    failed: int
    by_level: dict[int, Share]
    """By the level that the data gives, rising; empty where it gives none."""
    generations: float | None
    """Mean a question, as the four below; None where no run knows it."""
    completion_tokens: float | None
    verifier_tokens: float | None
    prompt_tokens: float | None
    seconds: Seconds | None


def wilson(right: int, of: int) -> Share:
    """Return the share with its 95% interval.

    Raises:
        ValueError: there is no question, or more are right than there are.
    """
    if not 0 <= right <= of or of < 1:
        raise ValueError(f"right must be from 0 to {of!r}, of at least 1, not {right!r}")
    value, z2 = right / of, Z * Z / of
    middle = (value + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * (value * (1 - value) + z2 / 4)) / (1 + z2)
    return Share(
        right=right,
        of=of,
        value=value,
        # At the ends the interval ends there too, but for rounding.
        low=max(0.0, middle - half) if right else 0.0,
        high=min(1.0, middle + half) if right < of else 1.0,
    )


def summarise(evaluated: Sequence[Evaluated]) -> Summary:
    """Return the summary.

    Raises:
        ValueError: there is no question.
    """
    answered = [one for one in evaluated if not one.failed]
    levels = sorted({one.level for one in evaluated if one.level is not None})
    seconds = [one.seconds for one in answered if one.seconds is not None]
    return Summary(
        accuracy=_share(evaluated),
        failed=len(evaluated) - len(answered),
        by_level={level: _share([e for e in evaluated if e.level == level]) for level in levels},
        generations=_mean(answered, lambda one: one.generations),
        completion_tokens=_mean(answered, lambda one: one.completion_tokens),
        verifier_tokens=_mean(answered, lambda one: one.verifier_tokens),
        prompt_tokens=_mean(answered, lambda one: one.prompt_tokens),
        seconds=_seconds(seconds) if seconds else None,
    )


def _share(evaluated: Sequence[Evaluated]) -> Share:
    return wilson(sum(one.right for one in evaluated), len(evaluated))


def _mean(evaluated: Sequence[Evaluated], of: Callable[[Evaluated], int | None]) -> float | None:
    known = [number for one in evaluated if (number := of(one)) is not None]
    return math.fsum(known) / len(known) if known else None


def _seconds(seconds: Sequence[float]) -> Seconds:
    p50, p95 = np.percentile(seconds, (50, 95))
    return Seconds(mean=math.fsum(seconds) / len(seconds), p50=float(p50), p95=float(p95))
