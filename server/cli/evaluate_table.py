"""What `forethought eval` shows: an evaluation as a table, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version

from rich import box
from rich.table import Table
from rich.text import Text

from ...nodes.evaluating import Share, Summary
from ..evaluation.evaluate import Result

FORMAT = 1
"""Of the JSON document."""
PILOT = "pilot alone"
"""In place of the strategy of a run that needed none."""


def heading_of(result: Result) -> str:
    """Return which evaluation it is, and all that was chosen for it, in a line."""
    record = result.record
    chosen = [f"{name} {_value(value)}" for name, value in record.settings.items() if value]
    return f"{record.name}: {record.data}; {', '.join(chosen)}"


def table_of(result: Result, summary: Summary) -> Table:
    """Return the summary for a terminal; costs are means a question that was answered."""
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, cell in _rows(result, summary):
        table.add_row(name, Text(cell))
    return table


def document_of(result: Result) -> str:
    """Return everything that is known, as JSON."""
    record = result.record
    document = {
        "format": FORMAT,
        "version": version("forethought"),
        "name": record.name,
        "begun": record.created_at.isoformat(timespec="seconds"),
        "data": record.data,
        "data_sha256": record.data_hash,
        "settings": record.settings,
        "questions": result.questions,
        "summary": None if result.summary is None else asdict(result.summary),
        "runs": [asdict(run) for run in result.runs],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _rows(result: Result, summary: Summary) -> list[tuple[str, str]]:
    left = result.questions - len(result.runs)
    rows = [("accuracy % [95%]", _share(summary.accuracy))]
    rows += [(f"  level {level}", _share(share)) for level, share in summary.by_level.items()]
    if summary.failed:
        rows.append(
            ("failed", f"{summary.failed}, counted as wrong; --retry-failed asks them again")
        )
    if left:
        rows.append(("not asked yet", f"{left} of {result.questions}"))
    for name, mean in (
        ("generations", summary.generations),
        ("generated tokens", summary.completion_tokens),
        ("verifier tokens", summary.verifier_tokens),
        ("prompt tokens", summary.prompt_tokens),
    ):
        if mean is not None:
            rows.append((name, f"{mean:.1f}"))
    if (took := summary.seconds) is not None:
        rows.append(("seconds", f"{took.mean:.2f} (p50 {took.p50:.2f}, p95 {took.p95:.2f})"))
    answered = [run for run in result.runs if run.error is None]
    for name, said in (
        ("policies", Counter(run.policy for run in answered if run.policy)),
        ("strategies", Counter(run.strategy or PILOT for run in answered)),
    ):
        if said:
            rows.append((name, ", ".join(f"{what} {n}" for what, n in said.most_common())))
    return rows


def _share(share: Share) -> str:
    value, low, high = (100 * x for x in (share.value, share.low, share.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}] ({share.right} of {share.of})"


def _value(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)
