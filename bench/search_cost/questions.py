"""The questions of a file, one JSON document a line, each with its gold answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from forethought.nodes.values import Message, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question with its gold answer."""

    question: Question
    answer: str


def read_rows(path: Path, limit: int) -> list[Row]:
    """Return the first questions of a file."""
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:limit]]
    return [
        Row(
            question=Question(
                messages=(Message("user", document["question"]),),
                kind=document.get("kind", "math"),
            ),
            answer=document["answer"],
        )
        for document in documents
    ]
