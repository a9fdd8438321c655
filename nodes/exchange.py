"""Test-time compute or a larger model: which buys more with the same compute.

arXiv 2408.03314, section 7. A model of N parameters costs 6 N D_pretrain FLOPs to train and
2 N D_inference to use; one M times as large, trained on the same data, costs M times both. For that
compute the small model may multiply its inference by M + 3 (D_pretrain / D_inference) (M - 1). The
larger model answers once, greedily. Prompt tokens are left out, as they are in the paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .curves import Curve, Place, reached

Buy = Literal["test-time compute", "larger model", "equal", "unknown"]
"""The better buy; `unknown` where the curve begins above what is granted and its beginning would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Both buys on the questions of one level."""

    level: int | None
    """None is all questions together."""
    accuracy: float
    """Of the small model with the generations that are granted: also the break-even accuracy, which
    the larger model must have to be worth as much."""
    error: float | None
    """Standard error of `accuracy`; None where it is not known."""
    place: Place
    """Where the granted generations lie on the curve; outside of it the nearest point is used."""
    measured: float
    """Generations of the point or the end that `place` speaks of: the curve's first if before it,
    else its last."""
    larger: float | None
    """Accuracy of the larger model's one answer; None where nobody said."""
    difference: float | None
    """`accuracy - larger`."""
    relative: float | None
    """`difference / larger`, as figure 1 of the paper has it; None where `larger` is 0 too."""
    better: Buy | None
    """None without `larger`."""

    @property
    def within_error(self) -> bool:
        """Whether the difference is at most one standard error: then the verdict is a guess."""
        return (
            self.difference is not None
            and self.error is not None
            and abs(self.difference) <= self.error
        )


def inference_multiplier(size_ratio: float, token_ratio: float) -> float:
    """Return by how much a small model may multiply its inference for the cost of a larger one.

    `size_ratio` is M, the larger model's parameters over the small one's; `token_ratio` is R, the
    expected inference tokens over the pretraining tokens.

    Raises:
        ValueError: M is not above 1, or R not above 0.
    """
    if not 1 < size_ratio < math.inf:
        raise ValueError(f"size_ratio must be above 1, not {size_ratio!r}")
    if not 0 < token_ratio < math.inf:
        raise ValueError(f"token_ratio must be above 0, not {token_ratio!r}")
    return size_ratio + 3 * (size_ratio - 1) / token_ratio


def offers_of(
    curves: Sequence[Curve], granted: float, larger: Mapping[int | None, float]
) -> tuple[Offer, ...]:
    """Return an offer a curve, in their order.

    `granted` is what `inference_multiplier` gives; `larger` is the larger model's accuracy by level,
    where it is known.

    Raises:
        ValueError: `larger` holds what is no accuracy.
    """
    for accuracy in larger.values():
        if not 0 <= accuracy <= 1:
            raise ValueError(f"an accuracy must be from 0 to 1, not {accuracy!r}")
    return tuple(_offer(curve, granted, larger.get(curve.level)) for curve in curves)


def _offer(curve: Curve, granted: float, larger: float | None) -> Offer:
    found = reached(curve, granted)
    difference = None if larger is None else found.accuracy - larger
    end = curve.points[0] if found.place == "before" else curve.points[-1]
    return Offer(
        level=curve.level,
        accuracy=found.accuracy,
        error=found.error,
        place=found.place,
        measured=end.generations,
        larger=larger,
        difference=difference,
        relative=difference / larger if difference is not None and larger else None,
        better=None if difference is None else _better(difference, found.place),
    )


def _better(difference: float, place: Place) -> Buy:
    if difference < 0:
        return "larger model"
    if place == "before":
        return "unknown"
    return "test-time compute" if difference > 0 else "equal"
