"""Cells as Markdown: medians over the repeats."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .cells import Cell


def fixed_table(cells: Sequence[Cell]) -> str:
    """Return a line a system and concurrency; latency is that over the straight one."""
    lines = [
        "| system | at once | requests/s | CPU ms a request | requests/s a core | p50 / p95 ms | added "
        + "p50 / p95 ms | POSTs | prompt / generated tokens | reported | failed | MiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = {
        at: (_median(cells, "straight", at, "p50_ms"), _median(cells, "straight", at, "p95_ms"))
        for at in dict.fromkeys(cell.at_once for cell in cells)
        if any(cell.system == "straight" and cell.at_once == at for cell in cells)
    }
    for system, at in dict.fromkeys((cell.system, cell.at_once) for cell in cells):

        def of(name: str, system: str = system, at: int = at) -> float:
            return _median(cells, system, at, name)

        p50, p95 = of("p50_ms"), of("p95_ms")
        added = "-"
        if at in base and system != "straight":
            added = f"{p50 - base[at][0]:.1f} / {p95 - base[at][1]:.1f}"
        failed = sum(c.failed for c in cells if (c.system, c.at_once) == (system, at))
        cpu = of("cpu_ms")
        lines.append(
            f"| {system} | {at} | {of('per_s'):.1f} | {cpu:.2f} | {1000 / cpu if cpu else 0:.0f} | "
            f"{p50:.1f} / {p95:.1f} | {added} | {of('posts'):.2f} | "
            f"{of('prompt_tokens'):.0f} / {of('completion_tokens'):.0f} | "
            f"{of('reported_tokens'):.0f} | {failed} | {of('rss_mib'):.0f} |"
        )
    return "\n".join(lines)


def _median(cells: Sequence[Cell], system: str, at_once: int, name: str) -> float:
    found = [getattr(c, name) for c in cells if (c.system, c.at_once) == (system, at_once)]
    return float(median(found))
