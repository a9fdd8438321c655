"""Who writes a trace, and whether that process is still there.

A writer is "host:pid:start". Only the host itself can tell by it whether a process of its own is gone;
others wait until its lease runs out (`watch.py`).
"""

from __future__ import annotations

import os
import platform
import sys
import time
from functools import cache


@cache
def writer_id() -> str:
    """Return this process's writer id; the same until it ends."""
    return f"{platform.node()}:{os.getpid()}:{time.time_ns()}"


def is_dead(writer: str) -> bool:
    """Whether the process called `writer` is known to be gone."""
    host, pid, _ = writer.rsplit(":", 2)
    if host != platform.node():
        return False
    if int(pid) == os.getpid():
        return writer != writer_id()
    if sys.platform == "win32":  # there, signal 0 is Ctrl-C
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
