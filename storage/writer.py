"""Writes rows behind the run's back, many in one transaction.

Invariant: `add` returns at once and never fails, and a row leaves the queue only once it is
committed. A database that fails costs nothing but memory: the rows wait and are tried again after
growing pauses. The one exception is a row that the database refuses for what is in it; it would
block every row after it, so it is found by halving, logged with its trace and dropped.

Not thread-safe: everything here runs in one event loop. Statements run in the driver's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import islice

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from .rows import Row, write_rows

logger = logging.getLogger(__name__)

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a connection with a transaction that commits at the end of the block."""
BATCH_ROWS = 1000
INTERVAL_S = 0.05
"""How long a row may wait for company."""
BOUND_ROWS = 100_000
"""When so many rows wait, the log says so; they are kept all the same."""
RETRY_S = 0.1
RETRY_MAX_S = 5.0
NAMED_TRACES = 20
"""At most so many trace ids in one line of the log."""


class Writer:
    """A queue of rows and the task that empties it."""

    def __init__(
        self,
        begin: Begin,
        *,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
        bound_rows: int = BOUND_ROWS,
    ) -> None:
        self.refused = 0
        """Rows that the database would not take, ever."""
        self._begin = begin
        self._interval_s = interval_s
        self._retry_s = retry_s
        self._bound_rows = bound_rows
        self._rows: deque[Row] = deque()
        self._added = 0
        self._settled = 0
        self._limit = BATCH_ROWS
        self._failures = 0
        self._crowded = False
        self._closing = False
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="forethought trace writer")

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._rows)

    def add(self, row: Row) -> None:
        """Take `row`; it is written soon."""
        if self._task.done():
            logger.error("a row of trace %s came after the store was closed", row.trace_id)
            return
        self._rows.append(row)
        self._added += 1
        self._arrived.set()
        if len(self._rows) >= BATCH_ROWS and not self._failures:
            self._hurry.set()
        if len(self._rows) >= self._bound_rows and not self._crowded:
            self._crowded = True
            logger.warning("%d rows of traces wait for the database", len(self._rows))

    async def drain(self) -> None:
        """Return when every row taken so far has been written.

        Raises:
            StoreError: the writer was closed before that.
        """
        target = self._added
        while self._settled < target:
            if self._task.done():
                raise StoreError(f"the store is closed; {len(self._rows)} rows were not written")
            self._moved.clear()
            self._hurry.set()
            await self._moved.wait()

    async def aclose(self, limit_s: float = 10.0) -> None:
        """Write what waits, then stop.

        Raises:
            StoreError: the database did not take it all within `limit_s` seconds.
        """
        self._closing = True
        self._arrived.set()
        self._hurry.set()
        await asyncio.wait([self._task], timeout=limit_s)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._moved.set()
        if self._rows:
            raise StoreError(
                f"{len(self._rows)} rows were lost: the database did not take them within"
                f" {limit_s:g} s (traces {_traces(self._rows)})"
            )

    async def _run(self) -> None:
        while self._rows or not self._closing:
            if not self._rows:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if len(self._rows) < BATCH_ROWS:
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
        batch = list(islice(self._rows, self._limit))
        try:
            async with self._begin() as connection:
                await write_rows(connection, batch)
        except Exception as exc:  # noqa: BLE001  # a task's outermost handler: rows wait, it goes on
            if not _refuses(exc):
                await self._wait_out(exc)
            elif len(batch) > 1:
                self._limit = len(batch) // 2
            else:
                self.refused += 1
                logger.error("a row of trace %s was refused: %s", batch[0].trace_id, exc)
                self._settle(batch)
        else:
            if self._failures:
                logger.warning("the trace database is back; %d rows wait", len(self._rows))
            self._failures = 0
            self._settle(batch)

    def _settle(self, batch: list[Row]) -> None:
        for _ in batch:
            self._rows.popleft()
        self._settled += len(batch)
        self._limit = min(BATCH_ROWS, self._limit * 2)
        self._crowded = self._crowded and len(self._rows) >= self._bound_rows
        self._moved.set()

    async def _wait_out(self, exc: Exception) -> None:
        if not self._failures:
            logger.error(
                "the trace database fails, %d rows wait (traces %s): %s",
                len(self._rows),
                _traces(self._rows),
                exc,
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


def _traces(rows: deque[Row]) -> str:
    ids = list(dict.fromkeys(row.trace_id for row in rows))
    more = f" and {len(ids) - NAMED_TRACES} more" if len(ids) > NAMED_TRACES else ""
    return ", ".join(ids[:NAMED_TRACES]) + more
