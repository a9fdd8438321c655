"""The lines of a program's log that are worth showing to someone who will not read all of it."""

from __future__ import annotations

import re
from pathlib import Path

TAIL_BYTES = 200_000
_STAMP = re.compile(r"^\([^)]*pid=\d+\)\s*")
_LEVEL = re.compile(r"^(?:ERROR|WARNING|INFO|DEBUG) [\d-]+ [\d:]+ \[[^\]]*\]\s*")
_TELLING = re.compile(
    r"\b\w*(?:Error|Exception)\b:? \S|\b(?:error|ERROR):|Value error, \S|[Kk]illed"
)
_HOLLOW = re.compile(
    r"[Ss]ee (?:root cause|stack trace)|initialization failed|During handling|validation errors? for"
)
"""Lines that only point at another line: vLLM ends every failed start with one."""


def begin_log(log: Path) -> None:
    """Make `log` an empty file, so that lines of an earlier run are not taken for this one's."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")


def last_line(log: Path) -> str:
    """Return the newest line that is not blank, without vLLM's stamps; empty if there is none."""
    lines = _lines(log)
    return lines[-1] if lines else ""


def telling_line(log: Path) -> str:
    """Return the newest line that names an error, or else the newest line at all."""
    lines = _lines(log)
    telling = [line for line in lines if _TELLING.search(line) and not _HOLLOW.search(line)]
    return telling[-1] if telling else (lines[-1] if lines else "it wrote nothing")


def _lines(log: Path) -> list[str]:
    """Return the last lines of `log`, oldest first; progress bars redraw, so \\r ends a line too."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    stripped = (_LEVEL.sub("", _STAMP.sub("", line.strip())) for line in re.split(r"[\r\n]+", text))
    return [line.strip() for line in stripped if line.strip()]
