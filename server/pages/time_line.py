"""The calls of a run over time, with the nodes of the graph behind them. Places are thousandths.

A call that still goes on has no row yet: it gets one when it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...storage.views import CallView, TraceDetail
from ..report.words import count

WIDTH = 1000
LEAST = 4
"""A call is never drawn shorter than this."""
AT_ONCE = 60
"""Calls that are shown before the rest is folded away."""
Outcome = Literal["ok", "partial", "cancelled", "error"]
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A node of the graph, run once."""

    node: str
    x: float
    width: float
    started_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A place on the axis."""

    x: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call."""

    seq: int
    role: str
    what: str
    """What was asked for, in a few words."""
    x: float
    width: float
    started_s: float
    seconds: float
    read: int
    cached: int
    written: int
    outcome: Outcome
    trouble: str
    """The error or the fault; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """All calls of a run, in the order they were begun."""

    seconds: float
    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    first: tuple[CallRow, ...]
    rest: tuple[CallRow, ...]
    """To be folded away."""
    troubled: int
    """Calls with an error, a fault, or that were cancelled."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that ran, each once, in the order they first did."""
        return tuple(dict.fromkeys(band.node for band in self.bands))


def time_line_of(detail: TraceDetail) -> TimeLine | None:
    """Return the time line; None where nothing has been timed."""
    ends = [detail.trace.seconds or 0.0]
    ends += [call.started_s + call.ms / 1000 for call in detail.calls]
    ends += [node.started_s + node.seconds for node in detail.nodes]
    total = max(ends)
    if total <= 0:
        return None
    scale = WIDTH / total
    bands = tuple(
        Band(
            node=node.node,
            x=node.started_s * scale,
            width=node.seconds * scale,
            started_s=node.started_s,
            seconds=node.seconds,
        )
        for node in detail.nodes
    )
    rows = tuple(_row(call, scale) for call in detail.calls)
    return TimeLine(
        seconds=total,
        bands=bands,
        ticks=_ticks(total),
        first=rows[:AT_ONCE],
        rest=rows[AT_ONCE:],
        troubled=sum(row.outcome != "ok" for row in rows),
    )


def _row(call: CallView, scale: float) -> CallRow:
    x, width = call.started_s * scale, max(call.ms / 1000 * scale, LEAST)
    return CallRow(
        seq=call.seq,
        role=call.role,
        what=_what(call.kind, call.request),
        x=min(x, WIDTH - LEAST),
        width=min(width, WIDTH - min(x, WIDTH - LEAST)),
        started_s=call.started_s,
        seconds=call.ms / 1000,
        read=call.verifier_tokens or call.prompt_tokens,
        cached=call.cached_tokens,
        written=call.completion_tokens,
        outcome=_outcome(call),
        trouble=call.error or call.fault or "",
    )


def _outcome(call: CallView) -> Outcome:
    if call.error == "cancelled":
        return "cancelled"
    if call.error is not None:
        return "error"
    return "ok" if call.fault is None else "partial"


def _what(kind: str, request: Mapping[str, Any]) -> str:
    if kind == "score":
        return f"score {count(_whole(request.get('solutions')), 'solution')}"
    prompts, n = _whole(request.get("prompts")), _whole(request.get("n"))
    if kind == "continue":
        return f"continue {prompts}, {n} each" if n > 1 else f"continue {prompts}"
    if kind == "sample":
        return f"sample {n}" if prompts == 1 else f"sample {n} for {prompts} prompts"
    return kind


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 1


def _ticks(total: float) -> tuple[Tick, ...]:
    """Return about five places on the axis, at round numbers."""
    power = 10.0**-3
    while True:
        for step in _STEPS:
            if total / (step * power) <= 5:
                found = [i * step * power for i in range(int(total / (step * power)) + 1)]
                return tuple(Tick(x=at / total * WIDTH, seconds=at) for at in found)
        power *= 10
