"""What a process and its children have used, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """By a process and all that it started."""

    cpu_s: float
    rss_bytes: int


def used_by(pid: int) -> Used:
    """Return what the tree below a process has used; ended children count by what they left."""
    cpu, rss = 0.0, 0
    for one in _tree(pid):
        try:
            stat = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        own, ended = (int(stat[11]) + int(stat[12])), (int(stat[13]) + int(stat[14]))
        cpu += (own + ended) * _TICK_S
        rss += int(stat[21]) * _PAGE
    return Used(cpu_s=cpu, rss_bytes=rss)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:
                continue
    return found
