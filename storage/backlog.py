"""The rows that are not in the database yet, oldest first: in the journal, and a few in memory too.

Rows are taken into memory at once and go into the journal at `flush`; those before `flush` are lost
when the process is killed. At most `bound_rows` are held in memory: past it they are in the journal
alone, and come back in their order when there is room. A journal that cannot take rows (it has
reached its size, the disk is full, there is no disk) leaves them in memory as long as there is room,
and after that they are dropped; from then on every row of the same trace is dropped too, since it
would lack what it refers to. Nothing of that happens without a line in the log and a count.

Not thread-safe. It knows no database.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from .journal import Journal
from .journal_lines import to_line
from .rows import Row

logger = logging.getLogger(__name__)

BOUND_ROWS = 20_000
FLUSH_ROWS = 256
"""So many rows are flushed without being asked, so that a flush is never long."""
NAMED_TRACES = 20
"""At most so many trace ids in one line of the log."""
MARK_S = 1.0
"""How exactly the age of the oldest row is known."""

MakeJournal = Callable[[], Journal]
"""Makes the journal at the first flush, or raises `OSError`."""


class Backlog:
    """The queue."""

    def __init__(
        self,
        journal: Journal | MakeJournal | None,
        *,
        bound_rows: int = BOUND_ROWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dropped = 0
        """Rows that found no room anywhere."""
        self.spoiled: list[bytes] = []
        """Lines of the journal that are no rows; whoever refills takes them away."""
        self.added = 0
        self.settled = 0
        """Rows that need no thought any more: written, refused, or dropped."""
        self._journal = journal if isinstance(journal, Journal) else None
        self._make = journal if not isinstance(journal, Journal) else None
        self._bound_rows = bound_rows
        self._clock = clock
        self._fresh: list[Row] = []
        self._window: deque[tuple[Row, bool]] = deque()
        """With each row, whether the journal has it."""
        self._broken: set[str] = set()
        """Traces that lack a row."""
        self._marks: deque[tuple[int, float]] = deque()
        """How many rows had been added when, once in `MARK_S`."""
        self._crowded = False
        self._troubled = False
        if self.unread:
            self.added = self.unread
            self._marks.append((0, clock()))

    def __len__(self) -> int:
        return len(self._fresh) + len(self._window) + self.unread

    @property
    def unread(self) -> int:
        """Rows that are in the journal and not in memory."""
        return 0 if self._journal is None else self._journal.unread

    @property
    def journal_bytes(self) -> int:
        """Size of the journal on disk."""
        return 0 if self._journal is None else self._journal.size

    @property
    def unsafe(self) -> int:
        """Rows that only this process has."""
        return len(self._fresh) + sum(not journaled for _, journaled in self._window)

    @property
    def oldest_s(self) -> float:
        """Age of the oldest row, in seconds; 0 when there is none."""
        return self._clock() - self._marks[0][1] if len(self) and self._marks else 0.0

    def add(self, row: Row) -> None:
        """Take `row`."""
        self.added += 1
        if self._broken and row.trace_id in self._broken:
            self._drop([row])
            return
        self._fresh.append(row)
        waiting = len(self._fresh)
        if waiting == 1:
            self._mark()
        elif waiting >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Put every row taken so far into the journal."""
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        journaled = self._append(fresh)
        at_once = not self.unread or (journaled and self.unread == len(fresh))
        room = max(0, self._bound_rows - len(self._window)) if at_once else 0
        if journaled and room >= len(fresh):
            self._keep(fresh, journaled=True)
        elif journaled:
            self._tell_of_the_crowd()
        else:
            self._keep(fresh[:room], journaled=False)
            self._drop(fresh[room:])

    def next(self, limit: int) -> list[Row]:
        """Return the oldest rows, up to `limit`, and keep them."""
        if len(self._window) < limit and self._journal is not None and self._journal.unread:
            rows = self._journal.read(limit - len(self._window))
            self._window.extend((row, True) for row in rows)
            self.spoiled += self._journal.spoiled
            self.settled += len(self._journal.spoiled)
            self._journal.spoiled.clear()
        return [row for row, _ in islice(self._window, limit)]

    def settle(self, rows: int) -> None:
        """Forget the oldest `rows`."""
        journaled = sum(self._window.popleft()[1] for _ in range(rows))
        self.settled += rows
        if self._journal is not None:
            try:
                self._journal.settle(journaled)
            except OSError as exc:
                logger.error("the journal cannot be tidied: %s", exc)
        while len(self._marks) > 1 and self._marks[1][0] <= self.settled:
            self._marks.popleft()
        if not len(self):
            self._marks.clear()
            self._broken.clear()
        if self._crowded and not self.unread:
            self._crowded = False
            logger.warning("all rows of traces are in memory again, %d wait", len(self))

    def named(self) -> str:
        """Return the traces that the rows in memory belong to, as a line of the log tells them."""
        rows = [row for row, _ in self._window]
        return named_traces([*rows, *self._fresh])

    def close(self) -> None:
        """Let go of the journal; what waits in it is there for the next who looks."""
        if self._journal is not None:
            self._journal.close()

    def _mark(self) -> None:
        """Remember when a row came that waits behind all others."""
        now = self._clock()
        if not self._marks or now - self._marks[-1][1] >= MARK_S:
            self._marks.append((self.added - 1, now))

    def _append(self, rows: list[Row]) -> bool:
        """Put `rows` into the journal; False, and a line in the log, where that cannot be."""
        if self._journal is None and self._make is None:
            return False
        try:
            if self._journal is None and self._make is not None:
                self._journal = self._make()
            if self._journal is not None:
                self._journal.append([to_line(row) for row in rows])
        except OSError as exc:
            if not self._troubled:
                self._troubled = True
                logger.error("rows of traces are in memory alone, for the journal fails: %s", exc)
            return False
        if self._troubled:
            self._troubled = False
            logger.warning("the journal takes rows again")
        return True

    def _keep(self, rows: list[Row], *, journaled: bool) -> None:
        self._window.extend((row, journaled) for row in rows)
        if journaled and self._journal is not None:
            self._journal.pass_over()

    def _drop(self, rows: list[Row]) -> None:
        self.dropped += len(rows)
        self.settled += len(rows)
        if fresh := [row for row in rows if row.trace_id not in self._broken]:
            self._broken.update(row.trace_id for row in fresh)
            logger.error(
                "no room for more rows: the rest of traces %s is lost", named_traces(fresh)
            )

    def _tell_of_the_crowd(self) -> None:
        if not self._crowded:
            self._crowded = True
            logger.warning(
                "%d rows of traces wait for the database; more are kept on disk alone", len(self)
            )


def named_traces(rows: Iterable[Row]) -> str:
    """Return the ids of the traces of `rows`, or the first of them and how many more."""
    ids = list(dict.fromkeys(row.trace_id for row in rows))
    more = f" and {len(ids) - NAMED_TRACES} more" if len(ids) > NAMED_TRACES else ""
    return ", ".join(ids[:NAMED_TRACES]) + more
