"""Keeps what could not be written for a person: rows that the database refuses, and spoiled lines.

One file, `refused.log` beside the journals, of the lines as the journal has them. Nothing reads it
back by itself. It stops at its size; then the log has the only word of what comes after.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024 * 1024


class RefusedLog:
    """The file; made when there is something to put in."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes

    def keep(self, lines: Iterable[bytes]) -> None:
        """Append `lines`; that it cannot be done is logged."""
        data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(file).st_size + len(data) <= self._max_bytes:
                    os.write(file, data)
                else:
                    logger.error("%s is full; %d bytes of rows are gone", self.path, len(data))
            finally:
                os.close(file)
        except OSError as exc:
            logger.error("%d bytes of refused rows are gone: %s", len(data), exc)
