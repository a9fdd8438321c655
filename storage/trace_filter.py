"""Which traces are wanted, as a condition in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, column, select, table

from . import tables
from .recorder import Status
from .rows import table_of

Graded = Literal["right", "wrong", "undecided", "ungraded"]
"""What the graders of a run say of it, by `graded_trace` (`analysis/runs.py`)."""
_GRADED = table("graded_trace", column("trace_id"), column("is_right"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFilter:
    """All that is not None must hold."""

    status: Status | None = None
    model: str | None = None
    strategy: str | None = None
    """As in `trace.strategy`."""
    effort: str | None = None
    level: int | None = None
    """Of difficulty."""
    kind: str | None = None
    face: str | None = None
    policy: str | None = None
    """A name, of any version."""
    key_id: str | None = None
    """Of the API key that asked."""
    text: str | None = None
    """Is in the question, in letters of either case."""
    graded: Graded | None = None
    grader: str | None = None
    """Has graded it, whatever it said."""
    min_tokens: int | None = None
    """Generated ones."""
    max_tokens: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    since: datetime | None = None
    """It began then or later."""
    until: datetime | None = None
    """It began before that."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what must hold of a row of `trace`."""
        t = table_of(tables.Trace).c
        equal = {
            t.status: self.status,
            t.model: self.model,
            t.strategy: self.strategy,
            t.effort: self.effort,
            t.difficulty_level: self.level,
            t.kind: self.kind,
            t.face: self.face,
            t.policy_name: self.policy,
            t.key_id: self.key_id,
        }
        found: list[ColumnElement[bool]] = [
            name == wanted for name, wanted in equal.items() if wanted is not None
        ]
        if self.text:
            found.append(t.question.icontains(self.text, autoescape=True))
        for name, least, most in (
            (t.completion_tokens, self.min_tokens, self.max_tokens),
            (t.seconds, self.min_seconds, self.max_seconds),
        ):
            found += [] if least is None else [name >= least]
            found += [] if most is None else [name <= most]
        found += [] if self.since is None else [t.created_at >= self.since]
        found += [] if self.until is None else [t.created_at < self.until]
        return found + self._of_grades()

    def _of_grades(self) -> list[ColumnElement[bool]]:
        trace, grade = table_of(tables.Trace), tables.Base.metadata.tables["grade"]
        found: list[ColumnElement[bool]] = []
        if self.grader is not None:
            by = select(grade.c.trace_id).where(grade.c.grader == self.grader)
            found.append(trace.c.id.in_(by))
        if self.graded == "ungraded":
            found.append(trace.c.id.not_in(select(grade.c.trace_id)))
        elif self.graded is not None:
            wanted = {"right": 1, "wrong": 0, "undecided": None}[self.graded]
            by = select(_GRADED.c.trace_id).where(_GRADED.c.is_right.is_not_distinct_from(wanted))
            found.append(trace.c.id.in_(by))
        return found


EVERY = TraceFilter()
"""Every trace."""
