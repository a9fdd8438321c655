"""Writes rows behind the run's back, many in one transaction, and loses none when it is killed.

What holds:
- `add` returns at once and never fails; it waits for no database and no disk.
- A row goes to the journal (`journal.py`) before it goes to the database, and leaves the journal
  only when the database has it. `flush` puts there what was added so far, without waiting for the
  disk. A recorder flushes when a run begins and when it ends, and the answer is given after that: the
  trace of an answer that anybody has got survives `kill -9`, and is in the database after the next
  start. After a loss of power what the last seconds brought may be missing (nothing is fsynced but
  the database's own log).
- A database that fails, hangs or is full costs nothing but disk: rows wait and are tried again after
  growing pauses, in the order they came, and twice written is once written (`rows.py`).
- A row that the database refuses for what is in it would block every row after it, so it is found by
  halving, logged with its trace, counted and put into `refused.log`.

Not thread-safe: everything here runs in one event loop. Statements run in the driver's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from .backlog import Backlog
from .journal_lines import to_line
from .refused import RefusedLog
from .rows import Row, write_rows

logger = logging.getLogger(__name__)

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a connection with a transaction that commits at the end of the block."""
BATCH_ROWS = 1000
"""So many rows are not kept waiting for more."""
BATCH_MOST = 8000
"""Rows of one transaction: where the process is busy, its statements wait for their turn, not the rows."""
LOOK_ROWS = 100
"""Once in so many rows it is looked at whether a batch is full."""
INTERVAL_S = 0.2
"""How long a row may wait for company."""
BATCH_LIMIT_S = 30.0
"""A transaction that takes longer is given up, and tried again on another connection."""
RETRY_S = 0.1
RETRY_MAX_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the database is behind."""

    rows: int
    """That wait."""
    oldest_s: float
    """Age of the oldest of them."""
    journal_bytes: int
    """Size of the journal on disk."""
    refused: int
    """Rows that the database would not take, since the start."""
    dropped: int
    """Rows that found no room, since the start."""
    failing: bool
    """The last try failed."""


class Writer:
    """A queue of rows and the task that empties it."""

    def __init__(
        self,
        begin: Begin,
        backlog: Backlog | None = None,
        *,
        refused: RefusedLog | None = None,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
        batch_limit_s: float = BATCH_LIMIT_S,
    ) -> None:
        """Begin to write what is in `backlog`, by default a new one in memory alone."""
        self.refused = 0
        """Rows that the database would not take, ever, and lines that were none."""
        self._begin = begin
        self._backlog = Backlog(None) if backlog is None else backlog
        self._refused_log = refused
        self._interval_s = interval_s
        self._retry_s = retry_s
        self._batch_limit_s = batch_limit_s
        self._limit = BATCH_MOST
        self._failures = 0
        self._closing = False
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="forethought trace writer")

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._backlog)

    @property
    def lag(self) -> Lag:
        """How far the database is behind."""
        return Lag(
            rows=len(self._backlog),
            oldest_s=self._backlog.oldest_s,
            journal_bytes=self._backlog.journal_bytes,
            refused=self.refused,
            dropped=self._backlog.dropped,
            failing=self._failures > 0,
        )

    def add(self, row: Row) -> None:
        """Take `row`; it is written soon."""
        if self._task.done():
            logger.error("a row of trace %s came after the store was closed", row.trace_id)
            return
        self._backlog.add(row)
        if not self._arrived.is_set():
            self._arrived.set()
        if not self._backlog.added % LOOK_ROWS:
            self._look()

    def _look(self) -> None:
        if len(self._backlog) >= BATCH_ROWS and not self._failures:
            self._hurry.set()

    def flush(self) -> None:
        """Put every row taken so far where `kill -9` leaves it."""
        self._backlog.flush()

    async def drain(self) -> None:
        """Return when every row taken so far has been written.

        Raises:
            StoreError: the writer was closed before that.
        """
        target = self._backlog.added
        while self._backlog.settled < target:
            if self._task.done():
                raise StoreError(f"the store is closed; {self.waiting} rows were not written")
            self._moved.clear()
            self._hurry.set()
            await self._moved.wait()

    async def aclose(self, limit_s: float = 10.0) -> None:
        """Write what waits, then stop; twice is once. What the database does not take stays in the
        journal.

        Raises:
            StoreError: rows are lost, since neither the database nor the journal took them within
                `limit_s` seconds.
        """
        if self._closing:
            return
        self._closing = True
        self._arrived.set()
        self._hurry.set()
        await asyncio.wait([self._task], timeout=limit_s)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._moved.set()
        self._backlog.flush()
        waiting, lost, traces = self.waiting, self._backlog.unsafe, self._backlog.named()
        self._backlog.close()
        if lost:
            raise StoreError(
                f"{lost} rows were lost: the database did not take them within"
                f" {limit_s:g} s (traces {traces})"
            )
        if waiting:
            logger.warning("%d rows of traces wait in the journal for the next start", waiting)

    async def _run(self) -> None:
        while len(self._backlog) or not self._closing:
            if not len(self._backlog):
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if len(self._backlog) < BATCH_ROWS:
                await self._pause(self._interval_s)
            await self._write_batch()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless somebody is in a hurry."""
        if not self._closing or self._failures:
            try:
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()
            except TimeoutError:
                pass
        self._hurry.clear()

    async def _write_batch(self) -> None:
        self._backlog.flush()
        try:
            batch = self._backlog.next(self._limit)
        except OSError as exc:
            await self._wait_out(exc)
            return
        self._part_with_spoiled()
        try:
            async with asyncio.timeout(self._batch_limit_s), self._begin() as connection:
                await write_rows(connection, batch)
        except Exception as exc:  # noqa: BLE001  # a task's outermost handler: rows wait, it goes on
            if not _refuses(exc):
                await self._wait_out(exc)
            elif len(batch) > 1:
                self._limit = len(batch) // 2
            else:
                self._refuse(batch[0], exc)
                self._settle(batch)
        else:
            if self._failures:
                logger.warning("the trace database is back; %d rows wait", self.waiting)
            self._failures = 0
            self._settle(batch)

    def _settle(self, batch: list[Row]) -> None:
        self._backlog.settle(len(batch))
        self._limit = min(BATCH_MOST, self._limit * 2)
        self._moved.set()

    def _refuse(self, row: Row, exc: Exception) -> None:
        self.refused += 1
        logger.error("a row of trace %s was refused: %s", row.trace_id, exc)
        if self._refused_log is not None:
            self._refused_log.keep([to_line(row)])

    def _part_with_spoiled(self) -> None:
        if not self._backlog.spoiled:
            return
        self.refused += len(self._backlog.spoiled)
        logger.error("%d lines of the journal are no rows", len(self._backlog.spoiled))
        if self._refused_log is not None:
            self._refused_log.keep(self._backlog.spoiled)
        self._backlog.spoiled.clear()

    async def _wait_out(self, exc: Exception) -> None:
        if not self._failures:
            logger.error(
                "the trace database fails, %d rows wait (traces %s): %s",
                self.waiting,
                self._backlog.named(),
                str(exc) or type(exc).__name__,
            )
        self._failures += 1
        await self._pause(min(RETRY_MAX_S, self._retry_s * 2 ** min(self._failures - 1, 16)))


def _refuses(exc: Exception) -> bool:
    """Whether the database minds the row, and not the moment."""
    if isinstance(exc, IntegrityError | DataError):
        return True
    if isinstance(exc, StatementError):  # of these, the driver's own errors are about the moment
        return not isinstance(exc, DBAPIError)
    return isinstance(exc, TypeError | ValueError | OverflowError)
