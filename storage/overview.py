"""What all runs add up to, for one look: rows of the views of docs/analysts.md, over some of the runs.

The views are over every run there is. Here their own statements read the runs of one API key, one model
or the last days alone: each gets these in place of `run_summary`.
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
    """A row of `accuracy_cells`: sums over finished runs."""

    day: str
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
    difficulty: tuple[DifficultyTenth, ...]
    confidence: tuple[ConfidenceTenth, ...]
    waste: tuple[WasteRow, ...]
    verifiers: tuple[VerifierRow, ...]
    costs: tuple[CostRow, ...]


R = TypeVar(
    "R", StatusCount, AccuracyCell, DifficultyTenth, ConfidenceTenth, WasteRow, VerifierRow, CostRow
)
_RUNS = "FROM run_summary"
_STATUSES = f"SELECT status, COUNT(*) AS runs {_RUNS} GROUP BY status"


async def read_overview(connection: AsyncConnection, wanted: OverviewFilter) -> Overview:
    """Return what the wanted runs add up to."""
    conditions = {
        "day >= :since": wanted.since,
        "model = :model": wanted.model,
        "key_id = :key_id": wanted.key_id,
    }
    held = [condition for condition, value in conditions.items() if value is not None]
    some = f"FROM (SELECT * {_RUNS} WHERE {' AND '.join(held)}) AS run_summary" if held else _RUNS
    values = {field.name: getattr(wanted, field.name) for field in fields(OverviewFilter)}
    given = {name: value for name, value in values.items() if value is not None}
    dialect: Dialect = "postgresql" if connection.dialect.name == "postgresql" else "sqlite"

    async def rows(kind: type[R], view: str) -> tuple[R, ...]:
        columns = ", ".join(field.name for field in fields(kind))
        sql = f"SELECT {columns} FROM ({spell(view, dialect).replace(_RUNS, some)}) AS v ORDER BY 1, 2"
        found = (await connection.execute(text(sql), given)).mappings()
        return tuple(kind(**{name: _plain(value) for name, value in row.items()}) for row in found)

    return Overview(
        statuses=await rows(StatusCount, _STATUSES),
        cells=await rows(AccuracyCell, VIEWS["accuracy_cells"]),
        difficulty=await rows(DifficultyTenth, VIEWS["calibration_of_difficulty"]),
        confidence=await rows(ConfidenceTenth, VIEWS["calibration_of_confidence"]),
        waste=await rows(WasteRow, VIEWS["waste"]),
        verifiers=await rows(VerifierRow, VIEWS["verifier_against_grades"]),
        costs=await rows(CostRow, VIEWS["cost_per_right"]),
    )


def _plain(value: Any) -> Any:  # columns differ in type
    """Return a number as Python counts; PostgreSQL's means are decimals."""
    return float(value) if isinstance(value, Decimal) else value
