"""The function calls of a stored answer."""

from __future__ import annotations

from ...nodes.tool_calls.ids import with_ids
from ...nodes.tool_calls.spoken import calls_of as calls_in
from ...nodes.values import ToolCall
from ...storage.views import TraceDetail


def calls_of(detail: TraceDetail) -> tuple[ToolCall, ...]:
    """Return what the caller was asked to call, by the ids of the reply; empty where it is words."""
    trace = detail.trace
    if trace.kind != "tool_call" or trace.answer is None:
        return ()
    return with_ids(calls_in(trace.answer), trace.id)
