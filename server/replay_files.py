"""Pools of recorded samples, JSON lines, plain or zstd-compressed; replays, written as JSON.

A pool has one question a line; `docs/replay.md` has the format. Fields that are not used are passed
over.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import zstandard
from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..nodes.errors import ForethoughtError
from ..nodes.replay.pool import Pool, PoolQuestion, Sample

_ZSTD = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins (RFC 8878, section 3.1.1)."""
_SUFFIXES = (".zst", ".jsonl")

Score = Annotated[float, Field(ge=0, le=1)]


class PoolError(ForethoughtError):
    """A pool or a replay could not be read or written; the message is one sentence for a user."""


class _SampleLine(BaseModel):
    """A sample as it stands in the file."""

    model_config = ConfigDict(strict=True)

    text: str
    n_tokens: int = Field(ge=0)
    fin: bool
    prm: list[Score] | None = Field(default=None, min_length=1)
    step_tokens: list[int] | None = None
    logprob: float | None = Field(default=None, le=0)
    step_logprob: list[float] | None = Field(default=None, min_length=1)
    answer: str | None = None
    key: str | None = None
    ok: bool = False


class _QuestionLine(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(strict=True)

    id: str
    question: str
    gold: str
    gold_key: str | None = None
    fold: int | None = None
    level: int | None = None
    subject: str | None = None
    samples: list[_SampleLine] = Field(min_length=1)
    greedy: _SampleLine | None = None


def read_pool(path: Path) -> Pool:
    """Return the pool that `path` holds.

    Raises:
        PoolError: it cannot be read, a line is not a question, or there is none.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise PoolError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    questions: list[PoolQuestion] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(_lines(path, data), start=1):
        if not line.strip():
            continue
        question = _question(path, number, line)
        if question.id in seen:
            before = seen[question.id]
            raise PoolError(f"{path}, line {number}: id {question.id!r} is on line {before} too")
        seen[question.id] = number
        questions.append(question)
    if not questions:
        raise PoolError(f"{path} holds no question")
    return _pool(path, questions, data)


def write_pool(questions: Sequence[PoolQuestion], path: Path) -> Pool:
    """Write questions to `path`, compressed where that ends in `.zst`; return what it holds now.

    Raises:
        PoolError: there is no question, the suffix is neither `.jsonl` nor `.jsonl.zst`, or the file
            cannot be written.
    """
    if not questions:
        raise PoolError(f"there is no question to write to {path}")
    if not path.name.endswith((".jsonl", ".jsonl.zst")):
        raise PoolError(f"a pool's file ends in .jsonl or .jsonl.zst, not {path.name!r}")
    data = b"".join(_line(question).model_dump_json().encode() + b"\n" for question in questions)
    if path.suffix == ".zst":
        data = zstandard.ZstdCompressor().compress(data)
    _write(path, data)
    return _pool(path, questions, data)


def replays_folder() -> Path:
    """Return where replays are stored: in the user's data folder."""
    return user_data_path("forethought") / "replays"


def store_replay(text: str, folder: Path, made: datetime, digest: str) -> Path:
    """Write a replay to a file of its own, named by its time and the hash of its pools; return it.

    Raises:
        PoolError: it cannot be written.
    """
    path = folder / f"{made:%Y-%m-%dT%H%M%S.%f}-{digest[:8]}.json"
    write_text(path, text)
    return path


def write_text(path: Path, text: str) -> None:
    """Write a file; its folder is made.

    Raises:
        PoolError: it cannot be written.
    """
    _write(path, text.encode())


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as exc:
        raise PoolError(f"{path} cannot be written: {exc.strerror or exc}") from exc


def _pool(path: Path, questions: Sequence[PoolQuestion], data: bytes) -> Pool:
    """Return the pool whose file is `path` with the bytes `data`."""
    name = path.name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return Pool(name=name, questions=tuple(questions), sha256=hashlib.sha256(data).hexdigest())


def _lines(path: Path, data: bytes) -> Iterator[bytes]:
    """Yield the lines; compression is told by the bytes, not by the name."""
    stream: io.BufferedIOBase = io.BytesIO(data)
    if data.startswith(_ZSTD):
        stream = io.BufferedReader(
            zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        )
    try:
        yield from stream
    except zstandard.ZstdError as exc:
        raise PoolError(f"{path} is broken: {exc}") from exc


def _question(path: Path, number: int, line: bytes) -> PoolQuestion:
    try:
        read = _QuestionLine.model_validate_json(line)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        fault = f"{where}: {first['msg']}" if where else first["msg"]
        raise PoolError(f"{path}, line {number}: {fault}") from exc
    return PoolQuestion(
        id=read.id,
        text=read.question,
        gold=read.gold,
        gold_key=read.gold_key,
        fold=read.fold,
        level=read.level,
        subject=read.subject,
        samples=tuple(map(_sample, read.samples)),
        greedy=_sample(read.greedy) if read.greedy else None,
    )


def _sample(line: _SampleLine) -> Sample:
    return Sample(
        text=line.text,
        whole=line.fin,
        n_tokens=line.n_tokens,
        scores=tuple(line.prm) if line.prm else None,
        step_tokens=tuple(line.step_tokens) if line.step_tokens else None,
        logprob=line.logprob,
        step_logprobs=tuple(line.step_logprob) if line.step_logprob else None,
        answer=line.answer,
        key=line.key,
        right=line.ok,
    )


def _line(question: PoolQuestion) -> _QuestionLine:
    return _QuestionLine(
        id=question.id,
        question=question.text,
        gold=question.gold,
        gold_key=question.gold_key,
        fold=question.fold,
        level=question.level,
        subject=question.subject,
        samples=[_sample_line(sample) for sample in question.samples],
        greedy=None if question.greedy is None else _sample_line(question.greedy),
    )


def _sample_line(sample: Sample) -> _SampleLine:
    return _SampleLine(
        text=sample.text,
        n_tokens=sample.n_tokens,
        fin=sample.whole,
        prm=None if sample.scores is None else list(sample.scores),
        step_tokens=None if sample.step_tokens is None else list(sample.step_tokens),
        logprob=sample.logprob,
        step_logprob=None if sample.step_logprobs is None else list(sample.step_logprobs),
        answer=sample.answer,
        key=sample.key,
        ok=sample.right,
    )
