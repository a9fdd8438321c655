"""Asks a filled database every question of docs/analysts.md and every view, and prints the seconds."""

from __future__ import annotations

import re
import time
from pathlib import Path

from sqlalchemy import text

from forethought.storage.analysis import VIEWS
from forethought.storage.database import open_engine
from forethought.storage.store import Store

DOC = Path(__file__).parents[2] / "docs" / "analysts.md"
TIMES = 3


def questions() -> dict[str, str]:
    """Return the documented statements, by the heading they stand under."""
    if not DOC.exists():
        return {}
    parts = re.split(r"^## (.+)$", DOC.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        f"{heading} ({at})": sql
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        for at, sql in enumerate(re.findall(r"```sql\n(.*?)```", body, re.DOTALL), start=1)
    }


async def time_all(url: str) -> None:
    """Print the median of a few times for each, and for reading the largest trace."""
    asked = {f"SELECT * FROM {name}": f"SELECT * FROM {name}" for name in VIEWS} | questions()
    engine = open_engine(url)
    async with engine.connect() as connection:
        largest = await connection.scalar(
            text("SELECT trace_id FROM tally ORDER BY steps DESC LIMIT 1")
        )
        for name, sql in asked.items():
            taken = []
            for _ in range(TIMES):
                begin = time.perf_counter()
                rows = (await connection.execute(text(sql.replace(":", r"\:")))).all()
                taken.append(time.perf_counter() - begin)
            print(f"{sorted(taken)[TIMES // 2]:8.3f} s {len(rows):>7,} rows  {name}")
    await engine.dispose()
    store = await Store.open(url)
    begin = time.perf_counter()
    detail = await store.read_trace(str(largest))
    print(
        f"{time.perf_counter() - begin:8.3f} s reading one trace of {len(detail.steps):,} steps and"
        f" {len(detail.candidates):,} candidates"
    )
    begin = time.perf_counter()
    listed = await store.list_traces(50)
    print(f"{time.perf_counter() - begin:8.3f} s listing the newest {len(listed)}")
    await store.close()
