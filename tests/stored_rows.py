"""Rows of a trace, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from forethought.storage import tables
from forethought.storage.rows import Change, Insert

MOMENT = datetime(2026, 1, 1, 12, 30, 15, 250, tzinfo=UTC)


def trace(trace_id: str) -> Insert:
    """Return the row of a run that has begun."""
    texts = dict.fromkeys(("writer", "face", "model", "effort", "kind", "question"), "x")
    json: dict[str, object] = {"messages": [], "sampling": {}, "plans": [], "faults": []}
    values = {
        "id": trace_id,
        "created_at": MOMENT,
        "status": "running",
        "max_generations": 4,
        **texts,
        **json,
    }
    return Insert(model=tables.Trace, trace_id=trace_id, values=values)


def step(trace_id: str, number: int, text: object = "So.") -> Insert:
    """Return the row of a step."""
    values = {
        "trace_id": trace_id,
        "key": f"s-{number}",
        "parent_key": f"s-{number - 1}" if number else None,
        "seq": number,
        "text": text,
        "n_tokens": 3,
        "score": 0.5,
    }
    return Insert(model=tables.Step, trace_id=trace_id, values=values)


def change(trace_id: str, **values: object) -> Change:
    """Return new values of the row of a run."""
    return Change(model=tables.Trace, trace_id=trace_id, key={"id": trace_id}, values=values)
