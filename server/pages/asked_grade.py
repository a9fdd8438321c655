"""A grade as the form of a page sends it."""

from __future__ import annotations

from urllib.parse import parse_qs

from ...storage.grades import NewGrade
from ..errors import bad_request
from ..trace_grades import ANYBODY

SCORES = {"right": 1.0, "partly": 0.5, "wrong": 0.0}
MOST_NAME, MOST_NOTE = 60, 4000
MOST_BYTES = 32 * 1024
"""Of the whole form, escaped as forms are."""


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form; the last value of a field that comes twice.

    Raises:
        Refusal: 400; it has more fields than any form of ours.
    """
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError as exc:
        raise bad_request("the form has too many fields") from exc
    return {name: values[-1] for name, values in fields.items()}


def grade_from(fields: dict[str, str], trace_id: str, key_name: str | None) -> NewGrade:
    """Return the grade; it is by the key's name, or by the name in the form where keys are off.

    Raises:
        Refusal: 400; it says neither right nor wrong nor partly, or too much.
    """
    verdict = fields.get("grade", "")
    if verdict not in SCORES:
        raise bad_request(f"grade must be right, partly or wrong, not {verdict!r}", "grade")
    note = fields.get("note", "").strip()
    name = " ".join((key_name or fields.get("name", "")).split())
    if len(note) > MOST_NOTE or len(name) > MOST_NAME:
        message = f"a note has at most {MOST_NOTE} characters, a name {MOST_NAME}"
        raise bad_request(message, "note" if len(note) > MOST_NOTE else "name")
    return NewGrade(
        trace_id=trace_id,
        grader=f"person:{name}" if name else ANYBODY,
        score=SCORES[verdict],
        note=note or None,
    )
