"""The SQL views that analysts ask: what they are, and how they come into a database.

They hold no data and are made anew whenever their text or the schema changes, in the transaction of
the upgrade: dropped before it, since no table can be altered under a view, and made after it. So a
migration need not know them. The view `forethought_views` lists them with the hash of their text.
The same names and columns on every dialect; docs/analysts.md says what each is for.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, inspect, text

from .accuracy import ACCURACY
from .calibration import CALIBRATION
from .dialects import Dialect, spell
from .runs import RUNS
from .waste import WASTE

LIST = "forethought_views"
VIEWS: dict[str, str] = {**RUNS, **ACCURACY, **CALIBRATION, **WASTE}
"""Name to statement, each after those it reads."""


def statements(dialect: Dialect) -> dict[str, str]:
    """Return the statements that make the views, by name, each after those it reads."""
    made = {name: f"CREATE VIEW {name} AS\n{spell(sql, dialect)}" for name, sql in VIEWS.items()}
    rows = [f"SELECT '{name}' AS name, '{fingerprint()}' AS fingerprint" for name in VIEWS]
    return made | {LIST: f"CREATE VIEW {LIST} AS\n" + "\nUNION ALL ".join(rows)}


def fingerprint() -> str:
    """Return the hash of the text of all views."""
    return hashlib.sha256(repr(VIEWS).encode()).hexdigest()[:16]


def are_current(connection: Connection) -> bool:
    """Say whether the database has the views of this package."""
    if LIST not in inspect(connection).get_view_names():
        return False
    found = connection.execute(text(f"SELECT name, fingerprint FROM {LIST}"))
    return {tuple(row) for row in found} == {(name, fingerprint()) for name in VIEWS}


def drop_views(connection: Connection) -> None:
    """Drop the views that an upgrade made, the newest first; those of others stay."""
    if LIST not in inspect(connection).get_view_names():
        return
    names = [str(name) for name in connection.scalars(text(f"SELECT name FROM {LIST}"))]
    for name in (LIST, *reversed(names)):
        connection.execute(text(f'DROP VIEW IF EXISTS "{name}"'))


def create_views(connection: Connection) -> None:
    """Make the views; none of them is there."""
    dialect: Dialect = "postgresql" if connection.dialect.name == "postgresql" else "sqlite"
    for statement in statements(dialect).values():
        connection.execute(text(statement.replace(":", r"\:")))
