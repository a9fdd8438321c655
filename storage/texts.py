"""Which columns hold texts, and what stands there where texts are not kept.

Numbers stay, and so does what ties rows together: equal answers still have equal keys, but the keys
are counted up within the run and tell nothing. Of an error the class stays, since its message may
quote the question. Every column of a trace is in `BLANKED` or in `TELLING_NOTHING`; a test sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from .learning_tables import EvaluationItem, Grade
from .rows import Row, RowSink, Values
from .tables import Base, Call, Candidate, NodeRun, Step, Trace, UsageOfRole, Verdict, Vote
from .tally_tables import Tally

Texts = Literal["kept", "redacted", "never"]
"""`redacted`: taken out later. `never`: the caller's key keeps none."""
Blank = Callable[[Any], object]
"""From what a column held to what stands there instead. `Any`: columns differ in type."""


def _empty(_: object) -> str:
    return ""


def _nothing(_: object) -> None:
    return None


def _no_list(_: object) -> list[object]:
    return []


def reason(told: str | None) -> str | None:
    """Return what kind of error it was, without what it quotes."""
    return None if told is None else told.split(":", 1)[0]


def _reasons(faults: list[str]) -> list[str | None]:
    return [reason(fault) for fault in faults]


def _unstopped(sampling: Mapping[str, object]) -> dict[str, object]:
    return {**sampling, **({"stop": []} if "stop" in sampling else {})}


def _numbers(request: Mapping[str, Any]) -> dict[str, object]:
    sampling = request.get("sampling")
    return {**request, **({"sampling": _unstopped(sampling)} if sampling else {})}


BLANKED: dict[type[Base], dict[str, Blank]] = {
    Trace: {
        "question": _empty,
        "messages": _no_list,
        "sampling": _unstopped,
        "answer_text": _nothing,
        "answer": _nothing,
        "faults": _reasons,
        "error": reason,
        "kept": _nothing,
    },
    Step: {"text": _empty},
    Candidate: {"text": _empty, "answer": _nothing, "thinking": _empty},
    Vote: {"answer": _empty},
    Call: {"request": _numbers, "fault": reason, "error": reason},
    Grade: {"note": _nothing, "answer": _nothing},
    EvaluationItem: {"answer": _nothing, "error": reason},
}
"""What stands in a text's place, by table and column."""
ANSWER_KEYS: dict[type[Base], tuple[str, ...]] = {
    Candidate: ("answer_key",),
    Vote: ("answer_key",),
    Tally: ("answer_key", "first_answer_key"),
}
"""Columns that say which answers are equal, and the answers with it."""
TELLING_NOTHING: dict[type[Base], frozenset[str]] = {
    Trace: frozenset(
        {
            *("id", "status", "writer", "face", "model", "verifier_model", "effort", "kind"),
            *("needs", "difficulty_method", "plans", "strategy", "candidate_key", "stop_reason"),
            *("key_id", "policy", "policy_name", "policy_hash", "texts", "resumes"),
        }
    ),
    Step: frozenset({"key", "parent_key"}),
    Candidate: frozenset({"key", "parent_key", "leaf_step_key", "origin", "ending", "attempts"}),
    Verdict: frozenset({"selection", "winner"}),
    Vote: frozenset({"trace_id", "members"}),
    Call: frozenset({"role", "kind"}),
    UsageOfRole: frozenset({"role"}),
    NodeRun: frozenset({"node"}),
    Grade: frozenset({"id", "grader"}),
    EvaluationItem: frozenset({"question_id", "kind"}),
}
"""Columns that tell nothing of what was asked and answered: they stay."""


class Aliases:
    """Names for the answer keys of one run that tell nothing but which are equal."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, key: str) -> str:
        """Return the name of `key`."""
        return self._names.setdefault(key, f"answer-{len(self._names) + 1}")


def without_texts(model: type[Base], values: Values, alias: Aliases) -> dict[str, object]:
    """Return the columns of a row of `model`, or some of them, without their texts."""
    clean = dict(values)
    for column, blank in BLANKED.get(model, {}).items():
        if column in clean:
            clean[column] = blank(clean[column])
    for column in ANSWER_KEYS.get(model, ()):
        if isinstance(key := clean.get(column), str):
            clean[column] = alias(key)
    return clean


class TextlessSink:
    """Hands rows on without their texts; each run has its own."""

    def __init__(self, inner: RowSink) -> None:
        self._inner = inner
        self._alias = Aliases()

    def add(self, row: Row) -> None:
        """Take `row`."""
        values = without_texts(row.model, row.values, self._alias)
        self._inner.add(replace(row, values=values))

    def flush(self) -> None:
        """Put every row taken so far where it is safe."""
        self._inner.flush()
