"""A bank of recorded samples of a real model, with the step scores that a real verifier gave them.

Sample k of a question is its k-th in a seeded order, each once before any comes again. Nothing is made
up: a beginning goes on as its own sample (begun.py) or not at all, and steps that no recorded sample begins
with have no score. The lengths of samples are the recorded ones, those of their parts in proportion to the
characters; prompts are counted as four characters a token.
"""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zstandard

from .bank import Asked, Drawn

CHARACTERS = 4
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n")


class RecordedBank:
    """The questions of one pool (the file format of `forethought replay`, docs/replay.md)."""

    continues = False

    def __init__(self, path: Path, *, limit: int | None, seed: int) -> None:
        rows = _rows(path, limit)
        self.questions: list[Asked] = []
        self._draws: list[list[Drawn]] = []
        self._of_text: dict[str, Asked] = {}
        self._right: dict[str, bool] = {}
        self._scores: dict[str, Sequence[float]] = {}
        for number, row in enumerate(rows):
            samples = row["samples"]
            asked = Asked(
                number=number,
                text=row["question"],
                gold=str(row["gold"]),
                p=sum(bool(s["ok"]) for s in samples) / len(samples),
            )
            random.Random(f"{seed}/{row['id']}").shuffle(samples)
            self.questions.append(asked)
            self._of_text[_folded(asked.text)] = asked
            self._draws.append([self._read(sample) for sample in samples])

    def find(self, text: str) -> Asked | None:
        """Return the question whose text comes last in a prompt."""
        folded = _folded(text)
        if folded in self._of_text:
            return self._of_text[folded]
        places = [(folded.rfind(own), asked.number) for own, asked in self._of_text.items()]
        place, number = max(places)
        return self.questions[number] if place >= 0 else None

    def draw(self, asked: Asked, k: int, begun: str) -> Drawn:
        """Return sample `k`; after the last comes the first again."""
        draws = self._draws[asked.number]
        return draws[k % len(draws)]

    def is_right(self, asked: Asked, shown: str) -> bool:
        """Say whether the recorded solution that a prompt shows was right; the longest counts."""
        folded = _folded(shown)
        if folded in self._right:
            return self._right[folded]
        found = [own for d in self._draws[asked.number] if (own := _folded(d.text)) in folded]
        return self._right[max(found, key=len)] if found else False

    def scores(self, asked: Asked | None, steps: Sequence[str]) -> Sequence[float]:
        """Return the recorded scores of steps that are the beginning of a recorded sample."""
        key = _folded("\n\n".join(steps))
        if key not in self._scores:
            raise ValueError("these steps were not recorded")
        return self._scores[key]

    def count(self, text: str) -> int:
        """Return an estimate: the tokenizer of the model is not here."""
        return -(-len(text) // CHARACTERS)

    def _read(self, sample: dict[str, Any]) -> Drawn:
        text = sample["text"]
        steps = [piece for part in _BLANK_LINES.split(text) if (piece := part.strip())]
        self._right[_folded(text)] = bool(sample["ok"])
        scores = sample.get("prm") or ()
        for count in range(1, len(scores) + 1):
            self._scores.setdefault(_folded("\n\n".join(steps[:count])), scores[:count])
        return Drawn(
            text=text,
            n_tokens=sample["n_tokens"],
            finish_reason="stop" if sample["fin"] else "length",
            right=bool(sample["ok"]),
            logprob=sample.get("logprob") or -0.5,
        )


def _folded(text: str) -> str:
    return " ".join(text.split())


def _rows(path: Path, limit: int | None) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        rows = []
        for line in io.TextIOWrapper(raw, encoding="utf-8"):
            if limit is not None and len(rows) >= limit:
                break
            rows.append(json.loads(line))
    return rows
