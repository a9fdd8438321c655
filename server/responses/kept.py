"""What the trace of a response keeps of its request, so that reading it back gives the same again.

The conversation and the effort have columns of their own, and so has the sampling, though not what of it
the caller left open. Traces from before this was kept have none of it: then each field is what a
request without it would have.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from ...storage.views import TraceView
from .summary import Detail


class Kept(BaseModel):
    """Of one request."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    created_at: int | None = None
    """Seconds since 1970, as the first reply had it."""
    model: str | None = None
    """As the caller named it."""
    summary: Detail | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    metadata: dict[str, str] = {}
    text: dict[str, JsonValue] = {"format": {"type": "text"}}
    tools: tuple[dict[str, JsonValue], ...] = ()
    tool_choice: JsonValue = "auto"
    parallel_tool_calls: bool = True


def kept_of(trace: TraceView) -> Kept:
    """Return what was kept of the request of this trace."""
    return Kept.model_validate(trace.kept or {})
