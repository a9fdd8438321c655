"""Whose vote each recorded sample has, and which votes are right.

By default answers are read off the texts and compared as the service does it, so a replay tests that
code as well; the record's own keys give the votes it was graded with. A sample that was cut at the
token limit has no vote in the service; `cut_votes` lets it vote, as the record does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..equality.base import Equality
from ..equality.extract import extract_answer
from ..values import Kind
from .pool import PoolQuestion, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one sample says."""

    answer: str | None
    """As written; None when it states none."""
    key: str | None
    """Equal for equal answers; None takes no part in a vote."""
    right: bool
    """Whether it votes, and for the gold answer."""


NO_VOTE = Vote(answer=None, key=None, right=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The votes of one question."""

    question: PoolQuestion
    votes: tuple[Vote, ...]
    """One a sample, in their order."""
    greedy: Vote | None
    gold_key: str | None
    cut_votes: bool
    """Whether samples that were cut took part."""


def recorded(questions: Sequence[PoolQuestion], *, cut_votes: bool = False) -> list[Reading]:
    """Return the votes as the record has them, one reading a question."""

    def vote(sample: Sample) -> Vote:
        if sample.key is None or not (sample.whole or cut_votes):
            return NO_VOTE
        return Vote(answer=sample.answer, key=sample.key, right=sample.right)

    return [
        Reading(
            question=question,
            votes=tuple(map(vote, question.samples)),
            greedy=vote(question.greedy) if question.greedy else None,
            gold_key=question.gold_key,
            cut_votes=cut_votes,
        )
        for question in questions
    ]


async def reread(
    questions: Sequence[PoolQuestion], kind: Kind, equality: Equality, *, cut_votes: bool = False
) -> list[Reading]:
    """Return the votes as the service would see them, one reading a question.

    Each distinct answer is evaluated once for all questions.
    """

    def stated(sample: Sample) -> str | None:
        return extract_answer(sample.text, kind) if sample.whole or cut_votes else None

    answers = [[stated(sample) for sample in question.samples] for question in questions]
    greedy = [stated(question.greedy) if question.greedy else None for question in questions]
    written = [a for row in answers for a in row] + greedy + [q.gold for q in questions]
    once = list(dict.fromkeys(answer for answer in written if answer is not None))
    keys = dict(zip(once, await equality.keys(once, kind), strict=True))

    def vote(answer: str | None, gold_key: str | None) -> Vote:
        key = keys[answer] if answer is not None else None
        return Vote(answer=answer, key=key, right=key is not None and key == gold_key)

    return [
        Reading(
            question=question,
            votes=tuple(vote(answer, keys[question.gold]) for answer in row),
            greedy=vote(deterministic, keys[question.gold]) if question.greedy else None,
            gold_key=keys[question.gold],
            cut_votes=cut_votes,
        )
        for question, row, deterministic in zip(questions, answers, greedy, strict=True)
    ]
