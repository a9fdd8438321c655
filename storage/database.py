"""Where the database is, and how a connection to it is set up.

SQLite by default, in WAL mode so that readers never wait for the writer; PostgreSQL by URL. A
transaction begins where SQLAlchemy says so, not where Python's sqlite3 guesses: schema changes
roll back. `immediate` takes SQLite's write lock at the start instead of in the middle.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from ..nodes.errors import StoreError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
BUSY_TIMEOUT_S = 5.0
"""How long a SQLite connection waits for another process's write."""
SWITCH_PAUSE_S = 0.01


def default_url() -> str:
    """Return where traces are kept when nobody says: a file in the user's data folder."""
    path = user_data_path("forethought") / "traces.db"
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


def parse_url(url: str | None) -> URL:
    """Return `url`, or the default, with the driver this package uses.

    Raises:
        StoreError: it is no database URL, or not of a database that is supported.
    """
    try:
        parsed = make_url(url or default_url())
    except ArgumentError as exc:
        raise StoreError(f"not a database URL: {url!r}") from exc
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"traces are kept in SQLite or PostgreSQL, not in {parsed.drivername}")
    return parsed


def is_in_memory(url: str | None) -> bool:
    """Say whether the database at `url` is gone with its process, and seen by no other."""
    parsed = parse_url(url)
    name = parsed.database or ":memory:"
    return parsed.get_backend_name() == "sqlite" and ":memory:" in name


def open_engine(url: str | None = None, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> AsyncEngine:
    """Return an engine for `url`; the folder of a SQLite file is made.

    Raises:
        StoreError: `url` cannot be used, or its driver is not installed.
    """
    parsed = parse_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and parsed.database and not parsed.database.startswith(("file:", ":memory:")):
        _try_file(Path(parsed.database))
    try:
        engine = create_async_engine(parsed, pool_pre_ping=not sqlite)
    except (ModuleNotFoundError, NoSuchModuleError) as exc:
        raise StoreError(
            f"the driver of {parsed.drivername} is not installed: {exc};"
            " for PostgreSQL install forethought[postgres]"
        ) from exc
    if sqlite:
        _set_up_sqlite(engine, busy_timeout_s)
    return engine


def _try_file(path: Path) -> None:
    """Make the folder of `path`, and open it once.

    Here and not at the first query: after a failed open, aiosqlite's thread outlives the await and
    prints a traceback when the event loop has closed before it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(f"the folder {path.parent} cannot be made: {exc}") from exc
    try:
        sqlite3.connect(path).close()
    except sqlite3.Error as exc:
        raise StoreError(f"the trace database {path} cannot be opened: {exc}") from exc


def _switch_to_wal(cursor: Any, limit_s: float) -> None:
    """Switch the file to WAL. `Any`: the cursor's class is the driver's own.

    Where two connections switch a new file at once, SQLite refuses one of them without waiting,
    whatever the time-out (sqlite.org/wal.html, section 8), so the wait is here.
    """
    until = time.monotonic() + limit_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as exc:
            busy = exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # any of its kinds
            if not busy or time.monotonic() >= until:
                raise
            await_only(asyncio.sleep(SWITCH_PAUSE_S))
        else:
            return


def _set_up_sqlite(engine: AsyncEngine, busy_timeout_s: float) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(dbapi_connection: Any, _record: object) -> None:
        # `Any`: the DBAPI connection is the driver's own class, which SQLAlchemy leaves untyped.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        # The time-out first: switching to WAL may have to wait for another process.
        cursor.execute(f"PRAGMA busy_timeout={int(busy_timeout_s * 1000)}")
        _switch_to_wal(cursor, busy_timeout_s)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
