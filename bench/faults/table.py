"""What was measured, as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from .measuring import Measured

HEAD = (
    "| what goes wrong | done | runs | answers lost | p50 s | p95 s | longest s "
    "| generated | never told | reported | usage |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def table(rows: Sequence[Measured]) -> str:
    """Return a line for each scenario, and why answers were lost."""
    whys = [f"{row.name}: {why}" for row in rows for why in row.whys]
    return "\n".join([HEAD, *map(_line, rows), *whys])


def _line(row: Measured) -> str:
    done = ", ".join(f"{times} {kind}" for kind, times in row.done.items()) or "-"
    cells = (
        row.says,
        done,
        row.runs,
        row.lost,
        f"{row.p50_s:.2f}",
        f"{row.p95_s:.2f}",
        f"{row.most_s:.2f}",
        f"{row.generated:,}",
        f"{row.untold:,}",
        f"{row.reported:,}",
        "true" if row.is_usage_true else "WRONG",
    )
    return f"| {' | '.join(map(str, cells))} |"
