"""Where a reading of a pool differs from the record, answer by answer.

Keys of two equalities are not comparable as strings, only the groups that they make. A group of the
one answers to the group of the other that shares most samples with it; a sample moved when its two
groups do not answer to each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .reading import Reading, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Samples of one question with one answer that the two readings see alike differently."""

    question: str
    gold: str
    recorded_answer: str | None
    recorded_key: str | None
    recorded_right: bool
    answer: str | None
    key: str | None
    right: bool
    moved: bool
    """Both give a vote, in groups that do not answer to each other."""
    cut: bool
    """The samples were cut at the token limit."""
    samples: int
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceCounts:
    """Samples, of all questions."""

    samples: int
    votes_lost: int
    """The record gives them a vote, the reading does not; cut samples are not among them."""
    votes_gained: int
    """The other way round."""
    right_lost: int
    """The record calls them right, the reading does not; cut samples are not among them."""
    right_gained: int
    """The other way round."""
    moved: int
    """Both give a vote, in groups that do not answer to each other."""
    cut_votes: int
    """Cut samples that the record gives a vote and the reading does not, by the convention."""
    cut_right: int
    """Those of them that the record calls right."""


def differences(readings: Sequence[Reading], records: Sequence[Reading]) -> list[Difference]:
    """Return where `readings` differ from `records`, question by question; both in one order."""
    found: Counter[Difference] = Counter()
    for reading, record in zip(readings, records, strict=True):
        moved = _moved(reading.votes, record.votes)
        rows = zip(reading.question.samples, reading.votes, record.votes, moved, strict=True)
        for sample, ours, theirs, other_group in rows:
            voting = (ours.key is None) != (theirs.key is None)
            if not voting and ours.right == theirs.right and not other_group:
                continue
            found[
                Difference(
                    question=reading.question.id,
                    gold=reading.question.gold,
                    recorded_answer=theirs.answer,
                    recorded_key=theirs.key,
                    recorded_right=theirs.right,
                    answer=ours.answer,
                    key=ours.key,
                    right=ours.right,
                    moved=other_group,
                    cut=not sample.whole,
                    samples=1,
                )
            ] += 1
    return [replace(difference, samples=times) for difference, times in found.items()]


def count_differences(found: Sequence[Difference], samples: int) -> DifferenceCounts:
    """Return how many of all `samples` the differences concern."""
    counts: dict[str, int] = defaultdict(int)
    for d in found:
        if d.cut and d.key is None:
            counts["cut_votes"] += d.samples
            counts["cut_right"] += d.samples * d.recorded_right
            continue
        counts["votes_lost"] += d.samples * (d.key is None and d.recorded_key is not None)
        counts["votes_gained"] += d.samples * (d.key is not None and d.recorded_key is None)
        counts["right_lost"] += d.samples * (d.recorded_right and not d.right)
        counts["right_gained"] += d.samples * (d.right and not d.recorded_right)
        counts["moved"] += d.samples * d.moved
    return DifferenceCounts(
        samples=samples,
        votes_lost=counts["votes_lost"],
        votes_gained=counts["votes_gained"],
        right_lost=counts["right_lost"],
        right_gained=counts["right_gained"],
        moved=counts["moved"],
        cut_votes=counts["cut_votes"],
        cut_right=counts["cut_right"],
    )


def _moved(ours: Sequence[Vote], theirs: Sequence[Vote]) -> list[bool]:
    """Say of each sample whether it votes in both, in groups that do not answer to each other."""
    pairs = [(one.key, other.key) for one, other in zip(ours, theirs, strict=True)]
    shared = Counter(pair for pair in pairs if None not in pair)
    best: dict[tuple[int, str | None], tuple[str | None, str | None]] = {}
    for pair, _ in shared.most_common():
        for side in (0, 1):
            best.setdefault((side, pair[side]), pair)
    return [pair in shared and not best[0, pair[0]] == pair == best[1, pair[1]] for pair in pairs]
