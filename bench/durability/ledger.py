"""What the database says of the runs, and what of the answers it does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from forethought.storage.database import open_engine

from .asking import Got

RUNS = """
SELECT t.id, t.status, t.answer_text, t.writer,
  (SELECT count(*) FROM node_run n WHERE n.trace_id = t.id AND n.node IN ('answer', 'direct')),
  (SELECT count(*) FROM candidate c WHERE c.trace_id = t.id),
  (SELECT count(*) FROM usage u WHERE u.trace_id = t.id)
FROM trace t
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as it is stored."""

    status: str
    answer: str | None
    writer: str
    whole: bool
    """Its last node, its candidates and its usage are there."""


async def runs_of(database: str) -> dict[str, Run]:
    """Return every run by its id."""
    engine = open_engine(database)
    async with engine.connect() as connection:
        rows = (await connection.execute(text(RUNS))).all()
    await engine.dispose()
    return {
        str(row[0]): Run(
            status=row[1],
            answer=row[2],
            writer=row[3],
            whole=row[4] == 1 and row[5] > 0 and row[6] > 0,
        )
        for row in rows
    }


async def integrity(database: str) -> str:
    """Return what SQLite says of the file; `ok` for PostgreSQL, which has no such check."""
    engine = open_engine(database)
    found = "ok"
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = str(await connection.scalar(text("PRAGMA integrity_check")))
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            found = f"{len(broken)} broken references" if broken else found
    await engine.dispose()
    return found


def missing(answers: Iterable[Got], runs: dict[str, Run]) -> list[str]:
    """Return the answers without their trace, each with why."""
    lost: list[str] = []
    for got in answers:
        run = runs.get(got.trace_id)
        if run is None:
            lost.append(f"{got.trace_id} is not there")
        elif run.status != "finished":
            lost.append(f"{got.trace_id} is {run.status}")
        elif run.answer != got.text:
            lost.append(f"{got.trace_id} has another answer")
        elif not run.whole:
            lost.append(f"{got.trace_id} lacks rows")
    return lost


def statuses(runs: dict[str, Run]) -> str:
    """Return how many runs there are of each status."""
    counted = Counter(run.status for run in runs.values())
    return ", ".join(f"{count} {status}" for status, count in sorted(counted.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a bench has found."""

    lines: list[str]
    lost: int
