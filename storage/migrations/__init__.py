"""The schema's history, and how a database is brought to its newest state.

Runs inside one transaction: a migration that fails leaves the database as it was. One process
migrates at a time, by SQLite's write lock or PostgreSQL's advisory lock; the others then find
nothing left to do. The views for analysts are made anew with it (`storage/analysis`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from ...nodes.errors import StoreError
from .. import analysis
from ..learning_tables import METADATA

VERSION_TABLE = "forethought_version"
_LOCK = 0x666F7265
"""The advisory lock's number: "fore"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What an upgrade did."""

    before: str | None
    """Revision it found; None for an empty database."""
    after: str


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", ":".join(__name__.rsplit(".", 1)))
    return config


def _config(connection: Connection) -> Config:
    config = _scripts()
    config.attributes["connection"] = connection
    config.attributes["metadata"] = METADATA
    config.attributes["version_table"] = VERSION_TABLE
    return config


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


@cache
def head() -> str:
    """Return the newest revision this package knows."""
    revision = ScriptDirectory.from_config(_scripts()).get_current_head()
    if revision is None:
        raise StoreError("the package holds no migrations")
    return revision


def _upgrade(connection: Connection, target: str) -> str | None:
    before = _revision(connection)
    analysis.drop_views(connection)
    command.upgrade(_config(connection), target)
    if _revision(connection) == head():
        analysis.create_views(connection)
    return before


async def upgrade(engine: AsyncEngine, target: str = "head") -> Upgrade:
    """Bring the database to `target`, by default the newest revision.

    Raises:
        StoreError: the database cannot be reached, or is newer than this package.
    """
    before: str | None = None
    try:
        async with engine.connect() as connection:
            before = await connection.run_sync(_revision)
            newest = head()
            viewed = await connection.run_sync(analysis.are_current)
        if before == newest and viewed:  # needs no lock: a reader does not wait for a busy server
            return Upgrade(before=before, after=newest)
        async with engine.execution_options(immediate=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            before = await connection.run_sync(_upgrade, target)
            after = await connection.run_sync(_revision)
    except CommandError as exc:
        raise StoreError(
            f"the trace database cannot be upgraded from {before}; was it made by a newer"
            f" forethought? ({exc})"
        ) from exc
    except (SQLAlchemyError, OSError) as exc:
        raise StoreError(f"the trace database cannot be opened: {exc}") from exc
    return Upgrade(before=before, after=after or "empty")
