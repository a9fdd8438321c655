"""Two halves of the questions, so that what is fitted on one is measured on the other.

arXiv 2408.03314, section 3.2. Samples of one question are never parted.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..replay.reading import Reading


def halves_of(readings: Sequence[Reading]) -> list[int]:
    """Return the half, 0 or 1, of each question: the pool's own folds, else every second one."""
    folds = [reading.question.fold for reading in readings]
    if set(folds) == {0, 1}:
        return [fold or 0 for fold in folds]
    return [place % 2 for place in range(len(readings))]
