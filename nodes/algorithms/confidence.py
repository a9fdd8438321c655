"""How sure a model was of its own words, read off the log-probabilities of its tokens.

Mean log-probability: Wang et al. 2022, arXiv 2203.11171, section 2 (normalised, so that length does
not count). Group confidence: Fu et al. 2025, arXiv 2508.15260, section 2: a token's confidence is the
negated mean log-probability of the k likeliest tokens, a group's the mean over a sliding window.
Self-certainty: Kang et al. 2025, arXiv 2502.18581, section 3: the mean divergence of the next-token
distribution from the uniform one; here over the k likeliest tokens, which is all that a server gives,
so its value compares samples of the same k only. Borda votes: the same, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Return the mean of at least one value."""
    return math.fsum(values) / len(values)


def group_confidences(confidences: Sequence[float], window: int) -> list[float]:
    """Return the mean of every full window, first to last; none when there is no full one."""
    if len(confidences) < window:
        return []
    total = math.fsum(confidences[:window])
    groups = [total / window]
    for left, entered in zip(confidences, confidences[window:], strict=False):
        total += entered - left
        groups.append(total / window)
    return groups


def lowest_group(confidences: Sequence[float], window: int) -> float:
    """Return the lowest group confidence; of a text shorter than the window, its mean."""
    return min(group_confidences(confidences, window), default=mean(confidences))


def self_certainty(confidences: Sequence[float], k: int) -> float:
    """Return the mean divergence from the uniform distribution over `k` tokens, in nats."""
    return mean(confidences) - math.log(k)


def borda_votes(confidences: Sequence[float], p: float) -> list[float]:
    """Return (N - r + 1)^p for the sample of rank r among N; ties to the one given first."""
    order = sorted(range(len(confidences)), key=lambda i: confidences[i], reverse=True)
    votes = [0.0] * len(confidences)
    for rank, i in enumerate(order, start=1):
        votes[i] = float((len(confidences) - rank + 1) ** p)
    return votes


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile of at least one value, interpolated linearly between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low, share = int(place), place - int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * share
