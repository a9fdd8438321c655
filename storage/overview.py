"""What all runs add up to, for one look: rows of the views of docs/analysts.md, over some of the runs.

The views are over every run there is. Here their own statements read the runs of one API key, one model
or the last days alone: each gets these in place of `run_summary`. They are put aside first, in a table of
the connection's own, since what graders say takes longer to find than all that is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from .analysis import VIEWS
from .analysis.dialects import Dialect, spell


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewFilter:
    """Which runs; None is all."""

    since: str | None = None
    """A day, as in `run_summary.day`."""
    model: str | None = None
    key_id: str | None = None
    """Of the API key that asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCount:
    """Runs of one status."""

    status: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyCell:
    """Rows of `accuracy_cells` added up over days, models and kinds: sums over finished runs."""

    effort: str
    level: int | None
    strategy: str
    runs: int
    graded: int
    scores: float
    """Sum of the scores of those that were graded."""
    generations: int
    completion_tokens: int
    verifier_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyDay:
    """Rows of `accuracy_cells` added up by day; the fields of `AccuracyCell`."""

    day: str
    runs: int
    graded: int
    scores: float
    generations: int
    completion_tokens: int
    verifier_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyTenth:
    """A row of `calibration_of_difficulty`."""

    difficulty_method: str | None
    tenth: int
    graded: int
    said: float
    true_at_least: float
    true_at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceTenth:
    """A row of `calibration_of_confidence`."""

    measure: str
    tenth: int
    graded: int
    said: float
    came_true: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteRow:
    """A row of `waste`."""

    effort: str
    strategy: str
    runs: int
    completion_tokens: int
    candidates: int
    pruned: int
    cut_tokens: int
    votes: int | None
    late_votes: int | None
    late_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierRow:
    """A row of `verifier_against_grades`."""

    verifier_model: str | None
    graded: int
    trusted_wrong: int
    doubted_right: int
    outvoted_rightly: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """A row of `cost_per_right`: what a right answer cost, wrong ones included; None where none was."""

    model: str
    effort: str
    strategy: str
    graded: int
    rights: int
    completion_tokens_per_right: float | None
    verifier_tokens_per_right: float | None
    seconds_per_right: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All of it, in the order of the first columns."""

    statuses: tuple[StatusCount, ...]
    cells: tuple[AccuracyCell, ...]
    days: tuple[AccuracyDay, ...]
    difficulty: tuple[DifficultyTenth, ...]
    confidence: tuple[ConfidenceTenth, ...]
    waste: tuple[WasteRow, ...]
    verifiers: tuple[VerifierRow, ...]
    costs: tuple[CostRow, ...]


R = TypeVar(
    "R",
    StatusCount,
    AccuracyCell,
    AccuracyDay,
    DifficultyTenth,
    ConfidenceTenth,
    WasteRow,
    VerifierRow,
    CostRow,
)
_RUNS = "FROM run_summary"
_ASIDE = "overview_runs"
_STATUSES = f"SELECT status, COUNT(*) AS runs {_RUNS} GROUP BY status"
_SUMMED = ("runs", "graded", "generations", "completion_tokens", "verifier_tokens")
_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in _SUMMED)


async def read_overview(connection: AsyncConnection, wanted: OverviewFilter) -> Overview:
    """Return what the wanted runs add up to."""
    dialect: Dialect = "postgresql" if connection.dialect.name == "postgresql" else "sqlite"

    async def rows(kind: type[R], statement: str) -> tuple[R, ...]:
        columns = ", ".join(field.name for field in fields(kind))
        made = spell(statement, dialect).replace(_RUNS, f"FROM {_ASIDE}")
        found = await connection.execute(text(f"SELECT {columns} FROM ({made}) AS v ORDER BY 1, 2"))
        return tuple(
            kind(**{name: _plain(value) for name, value in row.items()}) for row in found.mappings()
        )

    await _put_aside(connection, wanted)
    try:
        return Overview(
            statuses=await rows(StatusCount, _STATUSES),
            cells=await rows(AccuracyCell, _cells_by("effort, level, strategy")),
            days=await rows(AccuracyDay, _cells_by("day")),
            difficulty=await rows(DifficultyTenth, VIEWS["calibration_of_difficulty"]),
            confidence=await rows(ConfidenceTenth, VIEWS["calibration_of_confidence"]),
            waste=await rows(WasteRow, VIEWS["waste"]),
            verifiers=await rows(VerifierRow, VIEWS["verifier_against_grades"]),
            costs=await rows(CostRow, VIEWS["cost_per_right"]),
        )
    finally:
        await connection.execute(text(f"DROP TABLE IF EXISTS {_ASIDE}"))


def _cells_by(columns: str) -> str:
    return (
        f"SELECT {columns}, {_SUMS}, SUM(scores) AS scores, SUM(seconds) AS seconds"
        f" FROM ({VIEWS['accuracy_cells']}) AS c GROUP BY {columns}"
    )


async def _put_aside(connection: AsyncConnection, wanted: OverviewFilter) -> None:
    conditions = {
        "day >= :since": wanted.since,
        "model = :model": wanted.model,
        "key_id = :key_id": wanted.key_id,
    }
    held = [condition for condition, value in conditions.items() if value is not None]
    where = f" WHERE {' AND '.join(held)}" if held else ""
    values = {field.name: getattr(wanted, field.name) for field in fields(OverviewFilter)}
    given = {name: value for name, value in values.items() if value is not None}
    await connection.execute(text(f"DROP TABLE IF EXISTS {_ASIDE}"))
    aside = f"CREATE TEMPORARY TABLE {_ASIDE} AS SELECT * {_RUNS}{where}"
    await connection.execute(text(aside), given)


def _plain(value: Any) -> Any:  # columns differ in type
    """Return a number as Python counts; PostgreSQL's means are decimals."""
    return float(value) if isinstance(value, Decimal) else value
