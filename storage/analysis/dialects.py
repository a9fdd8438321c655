"""What the dialects spell differently in a view.

A view is written once, with `{day:T}` for the day in UTC of a time and `{tenth:P}` for the tenth, 0
to 9, that a probability falls in; 1 is in the last one. DuckDB is here for exports: its time zone is
that of the session, so it is told which.
"""

from __future__ import annotations

import re
from typing import Literal

Dialect = Literal["sqlite", "postgresql", "duckdb"]
_PLACE = re.compile(r"\{(day|tenth):([a-z_.]+)\}")
_SPELLINGS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "day": "SUBSTR({0}, 1, 10)",
        "tenth": "MIN(9, CAST(10 * {0} AS INTEGER))",
    },
    "postgresql": {
        "day": "TO_CHAR({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        "tenth": "LEAST(9, CAST(FLOOR(10 * {0}) AS INTEGER))",
    },
    "duckdb": {
        "day": "STRFTIME({0} AT TIME ZONE 'UTC', '%Y-%m-%d')",
        "tenth": "LEAST(9, CAST(FLOOR(10 * {0}) AS INTEGER))",
    },
}


def spell(sql: str, dialect: Dialect) -> str:
    """Return the statement as `dialect` has it."""
    spellings = _SPELLINGS[dialect]
    return _PLACE.sub(lambda found: spellings[found[1]].format(found[2]), sql)
