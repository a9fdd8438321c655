"""The `read_trace` tool: a stored run in words, and its numbers."""

from __future__ import annotations

import asyncio

from mcp.types import CallToolResult, Tool, ToolAnnotations

from ...nodes.errors import StoreError
from ...storage.views import TraceDetail
from ..trace_views import StoredTraces, find_trace
from .arguments import TraceArguments
from .progress import excerpt
from .results import TraceReport, Vote, failure, success
from .trace_words import QUESTION_CHARACTERS, REPLY_CHARACTERS, last_vote, words_of

VOTES = 10
"""Groups of the last vote in the report; there may be one an answer."""
FAULT_CHARACTERS = 500
FAULTS = 20
READ_S = 10.0
"""How long the database is waited for, which may not take the rows that are on their way to it."""

READ_TRACE = Tool(
    name="read_trace",
    title="Read how an answer came about",
    description="Tells how `think` came to an answer: how hard the question was, what was tried, "
    "the answers found and their votes, what went wrong.",
    input_schema=TraceArguments.model_json_schema(),
    output_schema=TraceReport.model_json_schema(mode="serialization"),
    annotations=ToolAnnotations(
        read_only_hint=True, idempotent_hint=True, destructive_hint=False, open_world_hint=False
    ),
)


async def read_trace(traces: StoredTraces, trace_id: str) -> CallToolResult:
    """Return the trace, some 20,000 characters of it at most, or that the caller has none such.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        async with asyncio.timeout(READ_S):
            detail = await find_trace(traces, trace_id)
    except TimeoutError as exc:
        raise StoreError("the trace database is busy; try again later") from exc
    if detail is None:
        return failure(f"there is no trace {trace_id!r}")
    return success(_report(detail), words_of(detail))


def _report(detail: TraceDetail) -> TraceReport:
    trace = detail.trace
    votes = last_vote(detail)
    total = sum(vote.weight for vote in votes)
    reply = trace.answer or trace.answer_text
    return TraceReport(
        trace_id=trace.id,
        status=trace.status,
        asked_at=trace.created_at.isoformat(),
        question=excerpt(trace.question, QUESTION_CHARACTERS),
        model=trace.model,
        effort=trace.effort,
        kind=trace.kind,
        level=trace.difficulty_level,
        strategy=trace.strategy,
        answer=None if reply is None else excerpt(reply, REPLY_CHARACTERS),
        confidence=trace.confidence,
        probability=trace.probability,
        stop_reason=trace.stop_reason,
        generations=trace.generations,
        tokens=trace.completion_tokens,
        seconds=trace.seconds,
        candidates=len(detail.candidates),
        votes=[
            Vote(
                answer=excerpt(vote.answer, QUESTION_CHARACTERS),
                share=vote.weight / total if total else 0.0,
                answers=len(vote.members),
            )
            for vote in votes[:VOTES]
        ],
        faults=[excerpt(fault, FAULT_CHARACTERS) for fault in trace.faults[:FAULTS]],
        error=None if trace.error is None else excerpt(trace.error, FAULT_CHARACTERS),
    )
