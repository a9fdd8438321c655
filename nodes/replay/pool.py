"""What a pool holds: questions with a gold answer, each with many recorded samples.

The fields are those of the pool's file (`server/replay_files.py` reads it); nothing is recomputed
here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One recorded solution."""

    text: str
    whole: bool
    """Whether the model ended it itself."""
    n_tokens: int
    """Generated, the end token included."""
    scores: tuple[float, ...] | None
    """The process verifier's score after each step, at least one; None when it was not scored."""
    step_tokens: tuple[int, ...] | None
    """Tokens of each step, aligned with `scores`."""
    logprob: float | None
    """Mean over the tokens, in nats."""
    step_logprobs: tuple[float, ...] | None
    """The same for each step, at least one."""
    answer: str | None
    """The final answer as it was read when the pool was recorded."""
    key: str | None
    """Its key for voting then; None had no vote."""
    right: bool
    """Whether it was equal to the gold answer then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolQuestion:
    """One question and its samples."""

    id: str
    text: str
    gold: str
    gold_key: str | None
    """The gold answer's key when the pool was recorded."""
    fold: int | None
    """0 or 1, for cross-validation."""
    level: int | None
    """By hand, 1 is the easiest; None where the data set has none."""
    subject: str | None
    samples: tuple[Sample, ...]
    """In the order they were drawn; at least one."""
    greedy: Sample | None
    """One sample at temperature 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All questions of one recording."""

    name: str
    questions: tuple[PoolQuestion, ...]
    """At least one."""
    sha256: str
    """Of the file's bytes, in hex."""

    @property
    def size(self) -> int:
        """Samples that every question has: the largest N that can be replayed."""
        return min(len(question.samples) for question in self.questions)
