"""Cells and scorings as Markdown tables. A cell without its best-of-N leaves those columns empty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .cells import BASELINE, Cell, Rescoring


def table(cells: Sequence[Cell]) -> str:
    """Return the cells as Markdown; repeats are one line, with their mean."""
    lines = [
        (
            "| at once | N | strategy | right % (s.e.) | wall s | wall x best-of-N | s a question |"
            " generated tokens | tok/s | x best-of-N a token | generator calls | prompt tokens |"
            " cached % | verifier tokens | verifier calls | waited for it % | finals | distinct |"
            " failed |"
        ),
        "|" + "---|" * 19,
    ]
    groups: dict[tuple[int, int, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.at_once, cell.n, cell.strategy), []).append(cell)
    for (at_once, n, name), group in groups.items():
        base = groups.get((at_once, n, BASELINE))
        lines.append(f"| {at_once} | {n} | {name} | " + " | ".join(_columns(group, base)) + " |")
    return "\n".join(lines)


def _columns(group: Sequence[Cell], base: Sequence[Cell] | None) -> Iterable[str]:
    outcomes = [o for c in group for o in c.outcomes]
    share = sum(o.right for o in outcomes) / len(outcomes)
    error = math.sqrt(share * (1 - share) / len(outcomes))
    wall, tokens = _mean(c.wall_s for c in group), _generated(group)
    spent = [c.spent for c in group]
    seconds = _mean(o.seconds for o in outcomes)
    yield f"{100 * share:.1f} ({100 * error:.1f})"
    yield f"{wall:.1f}"
    yield f"{wall / _mean(c.wall_s for c in base):.2f}" if base else ""
    yield f"{seconds:.1f}"
    yield f"{tokens:.0f}"
    yield f"{tokens / wall:.0f}"
    yield f"{wall / tokens / _mean(c.wall_s for c in base) * _generated(base):.2f}" if base else ""
    yield f"{_mean(s.generator_calls for s in spent):.0f}"
    queries = _mean(c.counters.get("generator_cache_queries", 0.0) for c in group)
    hits = _mean(c.counters.get("generator_cache_hits", 0.0) for c in group)
    yield f"{queries or _mean(s.usage.prompt_tokens for s in spent):.0f}"
    yield f"{100 * hits / queries:.1f}" if queries else ""
    yield f"{_mean(s.usage.verifier_tokens for s in spent):.0f}"
    yield f"{_mean(s.verifier_calls for s in spent):.0f}"
    yield f"{100 * _mean(s.verifier_s for s in spent) / (seconds * len(group[0].outcomes)):.0f}"
    yield f"{_mean(o.finals for o in outcomes):.1f}"
    yield f"{_mean(o.distinct for o in outcomes):.1f}"
    yield str(sum(o.failed is not None for o in outcomes))


def _generated(cells: Sequence[Cell]) -> float:
    return max(_mean(c.spent.usage.completion_tokens for c in cells), 1.0)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def scoring_table(rows: Sequence[Rescoring]) -> str:
    """Return the scoring section as Markdown."""
    lines = [
        (
            "| at once | N | scored | wall s | calls | requests sent | solutions | verifier tokens |"
            " tok/s |"
        ),
        "|" + "---|" * 9,
    ]
    for row in rows:
        sent = row.counters.get("verifier_pooling_requests")
        lines.append(
            f"| {row.at_once} | {row.n} | {row.way} | {row.wall_s:.2f} | {row.calls}"
            f" | {'' if sent is None else round(sent)} | {row.solutions}"
            f" | {row.verifier_tokens} | {row.verifier_tokens / row.wall_s:.0f} |"
        )
    return "\n".join(lines)
