"""What goes into a batch run and what comes out: one row a question, on both sides.

A question that gave no answer is a row too, with its `error`; nothing is left out and nothing made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ..api.thought import Thought

RESULTS = pa.schema(
    [
        ("id", pa.string()),
        ("question", pa.string()),
        ("gold", pa.string()),
        ("text", pa.string()),
        ("answer", pa.string()),
        ("right", pa.bool_()),
        ("whole", pa.bool_()),
        ("confidence", pa.float64()),
        ("probability", pa.float64()),
        ("stop_reason", pa.string()),
        ("generations", pa.int64()),
        ("prompt_tokens", pa.int64()),
        ("completion_tokens", pa.int64()),
        ("verifier_tokens", pa.int64()),
        ("seconds", pa.float64()),
        ("level", pa.int64()),
        ("strategy", pa.string()),
        ("trace_id", pa.string()),
        ("error", pa.string()),
    ]
)
"""The columns of the files that a run writes. Of a row with an `error` all but the first three are null;
`right` is null too where the data has no gold answer."""
GOLD = ("gold", "answer")
"""The columns that a gold answer is looked for in, the first one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One row of the data."""

    id: str
    text: str
    gold: str | None


def questions_of(rows: Sequence[Mapping[str, object]]) -> list[Question]:
    """Return the questions of some rows.

    Raises:
        ValueError: a row has no `id` or no `question`.
    """
    return [_question(row) for row in rows]


def answered(question: Question, thought: Thought, right: bool | None) -> dict[str, object]:
    """Return the row of a question with its answer."""
    return _begun(question) | {
        "text": thought.text,
        "answer": thought.answer,
        "right": right,
        "whole": thought.whole,
        "confidence": thought.confidence,
        "probability": thought.probability,
        "stop_reason": thought.stop_reason,
        "generations": thought.generations,
        "prompt_tokens": thought.usage.prompt,
        "completion_tokens": thought.usage.completion,
        "verifier_tokens": thought.usage.verifier,
        "seconds": thought.seconds,
        "level": thought.level,
        "strategy": thought.strategy,
        "trace_id": thought.trace_id,
    }


def failed(question: Question, error: Exception) -> dict[str, object]:
    """Return the row of a question without an answer."""
    return _begun(question) | {"error": f"{type(error).__name__}: {error}"}


def table_of(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows as a table of `RESULTS`; a column that a row lacks is null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=RESULTS)


def _begun(question: Question) -> dict[str, object]:
    return {"id": question.id, "question": question.text, "gold": question.gold}


def _question(row: Mapping[str, object]) -> Question:
    name, text = row.get("id"), row.get("question")
    if name is None or not isinstance(text, str):
        raise ValueError(f"a row needs an id and a question, not {dict(row)!r}")
    gold = next((row[column] for column in GOLD if row.get(column) is not None), None)
    return Question(id=str(name), text=text, gold=None if gold is None else str(gold))
