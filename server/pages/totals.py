"""What a run spent, by role: calls, tokens, and seconds in which a model server was at work for it."""

from __future__ import annotations

from dataclasses import dataclass

from ...storage.views import TraceDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTotal:
    """The calls of one role."""

    role: str
    calls: int
    troubled: int
    """Of these, the ones with an error, a fault, or that were cancelled."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    verifier_tokens: int
    seconds: float
    """In which at least one of them was under way."""


def totals_of(detail: TraceDetail) -> tuple[RoleTotal, ...]:
    """Return a row for each role, summed over its calls; a call under way has no row yet."""
    roles = dict.fromkeys(call.role for call in detail.calls)
    return tuple(_total(detail, role) for role in sorted(roles))


def _total(detail: TraceDetail, role: str) -> RoleTotal:
    calls = [call for call in detail.calls if call.role == role]
    return RoleTotal(
        role=role,
        calls=len(calls),
        troubled=sum(call.error is not None or call.fault is not None for call in calls),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        verifier_tokens=sum(call.verifier_tokens for call in calls),
        seconds=covered_s([(call.started_s, call.started_s + call.ms / 1000) for call in calls]),
    )


def covered_s(spans: list[tuple[float, float]]) -> float:
    """Return the seconds that lie in at least one of the spans, each (start, end)."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
