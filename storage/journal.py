"""Rows on their way to the database, in files that outlive this process.

A journal is a folder of append-only files, `00000001.jsonl` and so on, each line a row
(`journal_lines.py`). Rows are appended before they go to the database, and a file is removed once
the database has all its rows; when it has all rows there are, the last file is emptied. So what is
in the folder is what may be missing in the database, in order, with a few rows at its beginning that
are there already: writing them again changes nothing (`rows.py`).

Invariant: rows are settled in the order they were appended. Nothing here calls fsync: what `append`
has taken survives the end of the process in any way, `kill -9` included, and not the loss of power.
A line that was cut off by the end is no row.

It also is the queue's long end: rows that were appended and not passed over are given back by
`read`, once each, in order. It knows no database and no event loop.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .journal_folders import Claim
from .journal_lines import from_line
from .rows import Row

SEGMENT_BYTES = 16 * 1024 * 1024
"""A file that has reached this is followed by a new one."""
MAX_BYTES = 1024 * 1024 * 1024
"""Of all files together; past it the journal takes nothing."""
SUFFIX = ".jsonl"


class JournalFull(OSError):
    """The journal has reached its size."""


@dataclass(slots=True, kw_only=True)
class _Segment:
    path: Path
    size: int = 0
    rows: int = 0
    """That are not in the database yet."""
    unread: int = 0
    """The last so many of them were not given to anybody."""
    offset: int = 0
    """Where the first of those begins."""


class Journal:
    """One folder of them."""

    def __init__(
        self, claim: Claim, *, max_bytes: int = MAX_BYTES, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        """Go on with what is in the folder, all of it unread."""
        self.spoiled: list[bytes] = []
        """Lines that `read` came upon and that are no rows; whoever reads takes them away."""
        self._claim = claim
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self._segments = deque(_scanned(path) for path in _files(claim.folder))
        self.size = sum(segment.size for segment in self._segments)
        """Bytes of all files together."""
        self.unread = sum(segment.unread for segment in self._segments)
        """Rows that `read` has yet to give."""
        self._number = int(self._segments[-1].path.stem) if self._segments else 0
        self._file: int | None = None

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._claim.folder

    def append(self, lines: Sequence[bytes]) -> None:
        """Take the lines of rows: all of them, or none where this raises.

        Raises:
            JournalFull: they would make it larger than it may be.
            OSError: they cannot be written.
        """
        data = b"".join(lines)
        if self.size + len(data) > self._max_bytes:
            raise JournalFull(f"the journal {self.folder} has reached {self._max_bytes} bytes")
        segment, file = self._open_segment()
        written = 0
        try:
            while written < len(data):
                written += os.write(file, data[written:])
        except OSError:
            os.ftruncate(file, segment.size)  # half a line would spoil the next one
            raise
        segment.size += len(data)
        segment.rows += len(lines)
        segment.unread += len(lines)
        self.size += len(data)
        self.unread += len(lines)

    def pass_over(self) -> None:
        """Take everything as read: whoever appended it has it at hand."""
        for segment in self._segments:
            segment.unread, segment.offset = 0, segment.size
        self.unread = 0

    def read(self, limit: int) -> list[Row]:
        """Return the next rows, up to `limit`; fewer or none when no more are unread."""
        rows: list[Row] = []
        for segment in self._segments:
            if segment.unread and len(rows) < limit:
                self._read(segment, rows, limit)
        return rows

    def settle(self, rows: int) -> None:
        """Take note that the database has the first `rows` of those that it had not."""
        if rows > (owed := sum(segment.rows for segment in self._segments)):
            raise ValueError(f"{rows!r} rows are settled where {owed} are owed")
        while rows:
            head = self._segments[0]
            done = min(rows, head.rows)
            head.rows -= done
            rows -= done
            if head.rows == 0 and len(self._segments) > 1:
                self._drop_head()
        self._tidy()

    def close(self) -> None:
        """Let go of the folder; it goes too when the database has all of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if all(segment.rows == 0 for segment in self._segments):
            for segment in self._segments:
                segment.path.unlink(missing_ok=True)
            self._claim.remove()
        self._claim.release()

    def _open_segment(self) -> tuple[_Segment, int]:
        if self._file is not None and self._segments[-1].size >= self._segment_bytes:
            os.close(self._file)
            self._file = None
        if self._file is None:
            path = self.folder / f"{self._number + 1:08d}{SUFFIX}"
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            self._number += 1
            self._segments.append(_Segment(path=path))
            self._tidy()
        return self._segments[-1], self._file

    def _read(self, segment: _Segment, rows: list[Row], limit: int) -> None:
        with segment.path.open("rb") as file:
            file.seek(segment.offset)
            while segment.unread and len(rows) < limit:
                line = file.readline()
                segment.offset += len(line)
                segment.unread -= 1
                self.unread -= 1
                row = from_line(line)
                if row is not None:
                    rows.append(row)
                else:
                    segment.rows -= 1
                    self.spoiled.append(line)

    def _tidy(self) -> None:
        """Remove what the database has all of."""
        while len(self._segments) > 1 and self._segments[0].rows == 0:
            self._drop_head()
        if self._file is not None and len(self._segments) == 1:
            only = self._segments[0]
            if only.rows == 0 and only.size:
                os.ftruncate(self._file, 0)
                self.size -= only.size
                only.size = only.offset = 0

    def _drop_head(self) -> None:
        head = self._segments.popleft()
        self.size -= head.size
        head.path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def _scanned(path: Path) -> _Segment:
    """Return what the file holds; a last line without its end is not counted."""
    rows = size = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                rows += 1
                size += len(line)
    return _Segment(path=path, size=size, rows=rows, unread=rows)
