"""Groups of questions by how hard they are.

Oracle levels: arXiv 2408.03314, section 3.2, five quantiles of the share of right samples; level 1 is the
easiest. They are cut on the samples that are replayed, so what is read off them is optimistic.
"""

from __future__ import annotations

from collections.abc import Sequence

from .ballots import Ballots
from .pool import PoolQuestion

LEVELS = 5


def oracle_levels(ballots: Sequence[Ballots]) -> list[int]:
    """Return the level, 1 to 5, of each question; ties are cut in the order of the pool."""
    by_ease = sorted(range(len(ballots)), key=lambda i: -float(ballots[i].right.mean()))
    levels = [0] * len(ballots)
    for place, i in enumerate(by_ease):
        levels[i] = place * LEVELS // len(ballots) + 1
    return levels


def groups_of(
    questions: Sequence[PoolQuestion], ballots: Sequence[Ballots]
) -> dict[str, list[int]]:
    """Return the questions, by place, of each level: oracle levels, then levels by hand if any."""
    groups: dict[str, list[int]] = {f"oracle {level}": [] for level in range(1, LEVELS + 1)}
    for i, level in enumerate(oracle_levels(ballots)):
        groups[f"oracle {level}"].append(i)
    by_hand = sorted({question.level for question in questions if question.level is not None})
    for level in by_hand:
        groups[f"level {level}"] = [i for i, q in enumerate(questions) if q.level == level]
    return {name: members for name, members in groups.items() if members}
