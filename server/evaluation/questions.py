"""Questions with their gold answers, read from JSON lines.

A line has `id`, `question` and `gold` (or `answer`), and may have `kind` and `level`; other fields are
passed over. Levels may also be those that a recorded pool shows: arXiv 2408.03314, section 3.2, five
quantiles of the share of right samples, which need gold answers and so are for evaluation only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ...nodes.replay.ballots import ballots_of
from ...nodes.replay.levels import oracle_levels
from ...nodes.replay.pool import Pool
from ...nodes.replay.reading import recorded
from ...nodes.values import Kind
from .errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldQuestion:
    """A question whose answer is known."""

    id: str
    """Unique in its data."""
    text: str
    gold: str
    """The final answer alone."""
    kind: Kind | None = None
    """As the data has it."""
    level: int | None = None
    """1 is the easiest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The questions of a file, in its order; at least one."""

    name: str
    """Of the file, without its suffix."""
    sha256: str
    """Of the file, in hex."""
    questions: tuple[GoldQuestion, ...]


class _Line(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(strict=True)

    id: str | int
    question: str = Field(min_length=1)
    gold: str | int | float = Field(validation_alias=AliasChoices("gold", "answer"))
    kind: Kind | None = None
    level: int | None = None


def read_data(path: Path) -> Data:
    """Return the questions that `path` holds.

    Raises:
        EvaluationError: it cannot be read, a line is no question, or there is none.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise EvaluationError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    lines: dict[str, int] = {}
    questions: list[GoldQuestion] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        question = _question(path, number, line)
        before = lines.setdefault(question.id, number)
        if before != number:
            raise EvaluationError(
                f"{path}, line {number}: id {question.id!r} is on line {before} too"
            )
        questions.append(question)
    if not questions:
        raise EvaluationError(f"{path} holds no question")
    digest = hashlib.sha256(data).hexdigest()
    return Data(name=path.stem, sha256=digest, questions=tuple(questions))


def with_pool_levels(data: Data, pool: Pool) -> Data:
    """Return `data` with the level, 1 to 5, that each question has by its samples in `pool`.

    Raises:
        EvaluationError: a question is not in the pool.
    """
    ballots = [ballots_of(reading) for reading in recorded(pool.questions)]
    ids = (question.id for question in pool.questions)
    levels = dict(zip(ids, oracle_levels(ballots), strict=True))
    for question in data.questions:
        if question.id not in levels:
            raise EvaluationError(f"pool {pool.name} has no question {question.id!r}")
    levelled = tuple(replace(question, level=levels[question.id]) for question in data.questions)
    return replace(data, questions=levelled)


def _question(path: Path, number: int, line: bytes) -> GoldQuestion:
    try:
        read = _Line.model_validate_json(line)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = "".join(f"{part}: " for part in first["loc"][:1])
        raise EvaluationError(f"{path}, line {number}: {where}{first['msg']}") from exc
    return GoldQuestion(
        id=str(read.id),
        text=read.question,
        gold=str(read.gold),
        kind=read.kind,
        level=read.level,
    )
