"""Says that this process is there, marks the runs of those that are not `interrupted`, and writes what
they left in their journals.

A process of the same host is known to be gone at once (`liveness.py`). Of another host it is known by
its lease: it beats every `BEAT_S` by the database's own clock, and counts as gone once it has not for
`GONE_S`. Nobody can beat while the database is away, so leases are only judged by a process that has
itself seen the database for all of `GONE_S`. A mark made in error is put right by the run's own end.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import tables
from .lease_tables import Lease
from .liveness import is_dead, writer_id
from .recorder import utc_now
from .recovery import recover
from .rows import table_of

logger = logging.getLogger(__name__)

BEAT_S = 10.0
GONE_S = 60.0
TURN_LIMIT_S = 5.0
LEAVE_S = 1.0
FORGOTTEN_S = 24 * 3600.0
"""A lease that is so old is removed."""

_LEASE = table_of(Lease)
_TRACE = table_of(tables.Trace)


async def keep_watch(engine: AsyncEngine, journals: Path | None) -> None:
    """Look every `BEAT_S`, for ever; a database that is away is looked for again.

    Args:
        engine: The database.
        journals: Where the processes of this host leave what they could not write; None is nowhere.
    """
    begin = engine.execution_options(immediate=True).begin
    watch = Watch()
    while True:
        try:
            async with asyncio.timeout(TURN_LIMIT_S), begin() as connection:
                await watch.turn(connection)
            if journals is not None:
                await recover(begin, journals)
        except (SQLAlchemyError, OSError) as exc:  # TimeoutError is an OSError
            watch.lost()
            logger.debug("no lease was written: %s", exc)
        await asyncio.sleep(BEAT_S)


async def end_watch(engine: AsyncEngine, watching: asyncio.Task[None]) -> None:
    """Stop it, and give the lease back if that is quick; else it runs out."""
    watching.cancel()
    await asyncio.wait([watching])
    with suppress(SQLAlchemyError, OSError):
        async with (
            asyncio.timeout(LEAVE_S),
            engine.execution_options(immediate=True).begin() as connection,
        ):
            await connection.execute(delete(_LEASE).where(_LEASE.c.id == writer_id()))


class Watch:
    """The lease of this process, and its eye on those of others."""

    def __init__(self, *, gone_s: float = GONE_S) -> None:
        self._gone = timedelta(seconds=gone_s)
        self._seen_since: datetime | None = None

    async def turn(self, connection: AsyncConnection) -> None:
        """Beat, and mark the runs of who is gone; to be called every `BEAT_S` in a transaction."""
        now = await _database_now(connection)
        self._seen_since = self._seen_since or now
        await _beat(connection, now)
        await mark_interrupted(connection, await gone_writers(connection))
        if now - self._seen_since >= self._gone:
            await mark_interrupted(connection, await _expired(connection, now - self._gone))
            old = now - timedelta(seconds=FORGOTTEN_S)
            await connection.execute(delete(_LEASE).where(_LEASE.c.beat_at < old))

    def lost(self) -> None:
        """Take note that the database was away."""
        self._seen_since = None


async def gone_writers(connection: AsyncConnection) -> list[str]:
    """Return the processes with open runs that this host knows to be gone."""
    running = select(_TRACE.c.writer).where(_TRACE.c.status == "running").distinct()
    return [writer for writer in await connection.scalars(running) if is_dead(writer)]


async def mark_interrupted(connection: AsyncConnection, writers: list[str]) -> None:
    """Mark the open runs of `writers`."""
    if not writers:
        return
    change = (
        update(_TRACE)
        .where(_TRACE.c.status == "running", _TRACE.c.writer.in_(writers))
        .values(status="interrupted")
    )
    if marked := (await connection.execute(change)).rowcount:
        logger.warning("%d runs of processes that are gone are marked interrupted", marked)


async def _expired(connection: AsyncConnection, limit: datetime) -> list[str]:
    expired = select(_LEASE.c.id).where(_LEASE.c.beat_at < limit, _LEASE.c.id != writer_id())
    return list(await connection.scalars(expired))


async def _beat(connection: AsyncConnection, now: datetime) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(_LEASE).values(id=writer_id(), started_at=now, beat_at=now)
    await connection.execute(
        new.on_conflict_do_update(index_elements=[_LEASE.c.id], set_={"beat_at": now})
    )


async def _database_now(connection: AsyncConnection) -> datetime:
    """Return the time that all who share the database agree on; SQLite has no clock but the host's."""
    if connection.dialect.name != "postgresql":
        return utc_now()
    now = await connection.scalar(select(func.now()))
    return now if isinstance(now, datetime) else utc_now()
