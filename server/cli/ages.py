"""How old something is: `30d`, `12h`, `90m`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_AGE = re.compile(r"(\d{1,6})\s*([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def moment_before(age: str) -> datetime:
    """Return the moment that was `age` ago.

    Raises:
        BadParameter: it is no age.
    """
    found = _AGE.fullmatch(age.strip())
    if found is None:
        raise typer.BadParameter(f"must be as 30d, 12h or 90m, not {age!r}")
    return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})
