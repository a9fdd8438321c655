"""What docs/analysts.md asks, and what the runs of `analysed_runs.py` answer, counted by hand."""

from __future__ import annotations

import re
from pathlib import Path

DOC = Path(__file__).parents[1] / "docs" / "analysts.md"
_PARTS = re.split(r"^## (.+)$", DOC.read_text(encoding="utf-8"), flags=re.MULTILINE)
QUESTIONS = {
    heading: found[0]
    for heading, body in zip(_PARTS[1::2], _PARTS[2::2], strict=True)
    if (found := re.findall(r"```sql\n(.*?)```", body, re.DOTALL))
}
"""Heading to statement."""

ANSWERS: dict[str, list[tuple[object, ...]]] = {
    "Which runs were dear and wrong?": [
        ("e", "small", "best_of_n", 2, 200, 0.0),
        ("b", "small", "beam_search", 4, 150, 0.0),
    ],
    "Where do graders disagree?": [("c", 2, 0.0, 1.0)],
    "How accurate is each strategy, and what does it take?": [
        ("beam_search", 1, 1, 0.0, 150.0, 2.0),
        ("best_of_n", 3, 3, 2 / 3, 300.0, 2.0),
        ("direct", 1, 1, 0.5, 100.0, 2.0),
    ],
    "Does more effort help on hard questions?": [
        (2, "medium", 3, 2 / 3, 300.0),
        (4, "high", 1, 0.0, 150.0),
    ],
    "How do levels compare?": [(2, 3, 2 / 3), (4, 1, 0.0)],
    "How do efforts compare?": [
        ("high", 1, 0.0, 150.0),
        ("medium", 3, 2 / 3, 300.0),
        ("none", 1, 0.5, 100.0),
    ],
    "How do models compare?": [("small", 5, 0.5, 230.0)],
    "Did accuracy change from day to day?": [
        ("2026-11-01", 2, 0.5),
        ("2026-11-02", 3, 0.5),
    ],
    "Are the predicted difficulties true?": [
        ("vote share", 7, 3, 0.7, (0.75 + 0.5 + 0) / 3, (0.75 + 0.5 + 1) / 3),
    ],
    "Does a stated probability come true?": [
        ("confidence", 7, 5, 0.75, 0.5, (2 * 0.0625 + 2 * 0.5625 + 0.0625) / 5),
        ("probability", 3, 1, 0.35, 0.0, 0.35**2),
        ("probability", 9, 1, 0.95, 1.0, 0.05**2),
    ],
    "What does a right answer cost?": [
        ("small", "medium", "best_of_n", 2, 450.0, 3.0),
        ("small", "high", "beam_search", 0, None, None),
    ],
    "Where was compute wasted?": [
        ("beam_search", 1, 50 / 150, 0, 0.0),
        ("best_of_n", 0, 0.0, 1, 100 / 900),
        ("direct", 0, 0.0, 0, 0.0),
    ],
    "Can the verifier be trusted?": [
        ("prm", "number", "beam_search", 1, 0.8, 0.0, 1, 0, 0),
        ("prm", "number", "best_of_n", 3, (0.9 + 0.7 + 0.7) / 3, 2 / 3, 1, 0, 0),
    ],
    "Do revisions help?": [("best_of_n", 2, 2, 1, 1, 0, 0, 0)],
    "Which policy served, and how well?": [("gsm8k", 3, 5, 0.5, 230.0)],
}
"""Heading to rows."""


def rounded(rows: object) -> list[tuple[object, ...]]:
    """Return rows with their numbers rounded, whole ones as integers: databases differ in types."""
    return [tuple(_rounded(value) for value in row) for row in rows]  # type: ignore[attr-defined]


def _rounded(value: object) -> object:
    if value is None or isinstance(value, str):
        return value
    number = round(float(value), 9)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else number
