"""How log lines look, and which run they belong to.

A line that is written inside of a run carries its trace id: `text` has it at the end in brackets,
`json` as `trace_id`. Nobody who logs has to pass it on: a context variable and the visit carry it.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from ..log_words import LogFormat, LogLevel
from ..visit import RUN, VISIT

ACCESS = "uvicorn.access"


def set_up_logs(form: LogFormat, level: LogLevel) -> None:
    """Write the log of this process to stderr in this form, from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    access = logging.getLogger(ACCESS)  # another server of the process may have silenced it
    access.propagate = True
    access.setLevel(logging.NOTSET)
    for ours in ("forethought", "uvicorn"):
        logging.getLogger(ours).setLevel(level.upper())


class TextLines(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's own name
        """Return the line, without what an exception adds."""
        trace_id = current_trace_id()
        line = super().formatMessage(record)
        return line if trace_id is None else f"{line} [trace {trace_id}]"


class JsonLines(logging.Formatter):
    """A line for machines: one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (trace_id := current_trace_id()) is not None:
            line["trace_id"] = trace_id
        if record.name == ACCESS and isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, _, status = record.args
            line |= {"client": client, "method": method, "path": path, "status": status}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def current_trace_id() -> str | None:
    """Return the run of this task, else the one that its request has opened; None without any."""
    visit = VISIT.get()
    return RUN.get() or (None if visit is None else visit.trace_id)
