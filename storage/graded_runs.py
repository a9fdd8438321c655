"""The runs of an evaluation beside what was right: what a policy is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.values import Kind
from .evaluations import read_evaluation
from .learning_tables import EvaluationItem
from .rows import table_of
from .tables import Trace, UsageOfRole

_OF_ITEM = ("question_id", "error", "kind", "level_by_data", "trace_id")
_OF_TRACE = (
    "difficulty_probability",
    "difficulty_level",
    "plans",
    "strategy",
    "policy",
    "effort",
    "max_generations",
    "generations",
    "prompt_tokens",
    "completion_tokens",
    "verifier_tokens",
    "seconds",
    "confidence",
    "probability",
    "stop_reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRun:
    """One item and its trace; what a trace would say is None where there is none."""

    question_id: str
    right: bool
    error: str | None
    kind: Kind
    level_by_data: int | None
    trace_id: str | None
    difficulty_probability: float | None
    difficulty_level: int | None
    plans: list[dict[str, Any]]
    """Oldest first, as in `trace.plans`; empty where there is no trace."""
    strategy: str | None
    policy: str | None
    effort: str | None
    max_generations: int | None
    generations: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    verifier_tokens: int | None
    seconds: float | None
    confidence: float | None
    """Share of the vote."""
    probability: float | None
    """P(the answer is right), calibrated."""
    stop_reason: str | None
    calls: int | None
    """Requests to the generator."""


async def graded_runs(connection: AsyncConnection, name: str) -> list[GradedRun]:
    """Return the runs of the evaluation called `name`, by question id.

    Raises:
        StoreError: there is no such evaluation.
    """
    evaluation = await read_evaluation(connection, name)
    item, trace, usage = table_of(EvaluationItem), table_of(Trace), table_of(UsageOfRole)
    query = (
        select(
            *(item.c[column] for column in _OF_ITEM),
            item.c.is_right.label("right"),
            *(trace.c[column] for column in _OF_TRACE),
            usage.c.calls,
        )
        .outerjoin(trace, trace.c.id == item.c.trace_id)
        .outerjoin(usage, and_(usage.c.trace_id == trace.c.id, usage.c.role == "generator"))
        .where(item.c.evaluation_id == evaluation.id)
        .order_by(item.c.question_id)
    )
    rows = await connection.execute(query)
    return [GradedRun(**{**row, "plans": row["plans"] or []}) for row in rows.mappings()]
