"""Where a reading of a pool differs from the record, answer by answer.

Keys of two equalities are not comparable as strings, only the groups that they make: a sample's
group differs when the samples of its question that vote with it are not the same in both.
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
    grouped: bool
    """Both give a vote, and other samples are equal to it."""
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
    regrouped: int
    """Both give a vote, and other samples are equal to it."""
    cut_votes: int
    """Cut samples that the record gives a vote and the reading does not, by the convention."""
    cut_right: int
    """Those of them that the record calls right."""


def differences(readings: Sequence[Reading], records: Sequence[Reading]) -> list[Difference]:
    """Return where `readings` differ from `records`, question by question; both in one order."""
    found: Counter[Difference] = Counter()
    for reading, record in zip(readings, records, strict=True):
        regrouped = _regrouped(reading.votes, record.votes)
        rows = zip(reading.question.samples, reading.votes, record.votes, regrouped, strict=True)
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
                    grouped=other_group,
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
        counts["regrouped"] += d.samples * d.grouped
    return DifferenceCounts(
        samples=samples,
        votes_lost=counts["votes_lost"],
        votes_gained=counts["votes_gained"],
        right_lost=counts["right_lost"],
        right_gained=counts["right_gained"],
        regrouped=counts["regrouped"],
        cut_votes=counts["cut_votes"],
        cut_right=counts["cut_right"],
    )


def _regrouped(ours: Sequence[Vote], theirs: Sequence[Vote]) -> list[bool]:
    """Say of each sample whether it votes in both and with others, among those that vote in both."""
    both = [
        i for i in range(len(ours)) if ours[i].key is not None and theirs[i].key is not None
    ]
    groups: dict[tuple[str, str | None], set[int]] = defaultdict(set)
    for i in both:
        groups["ours", ours[i].key].add(i)
        groups["theirs", theirs[i].key].add(i)
    moved = {i for i in both if groups["ours", ours[i].key] != groups["theirs", theirs[i].key]}
    return [i in moved for i in range(len(ours))]
