"""The query of `GET /v1/traces`: which runs, and which page of them."""

from __future__ import annotations

from datetime import UTC

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ..storage.recorder import Status
from ..storage.trace_filter import Graded, TraceFilter

MOST = 200
"""The most traces of one page."""
MOST_TOKENS = 2**31 - 1


class TraceQuery(BaseModel):
    """What is left out does not count."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=MOST)
    after: str | None = Field(None, description="An id; older ones come.")
    status: Status | None = None
    model: str | None = None
    strategy: str | None = None
    effort: str | None = None
    level: int | None = Field(None, ge=1, le=5, description="Of difficulty.")
    kind: str | None = None
    face: str | None = None
    policy: str | None = Field(None, description="Its name, of any version.")
    text: str | None = Field(None, description="Is in the question.")
    graded: Graded | None = None
    grader: str | None = Field(None, description="Has graded it.")
    min_tokens: int | None = Field(None, ge=0, le=MOST_TOKENS, description="Generated ones.")
    max_tokens: int | None = Field(None, ge=0, le=MOST_TOKENS)
    min_seconds: float | None = Field(None, ge=0, allow_inf_nan=False)
    max_seconds: float | None = Field(None, ge=0, allow_inf_nan=False)
    since: AwareDatetime | None = Field(None, description="It began then or later.")
    until: AwareDatetime | None = Field(None, description="It began before that.")

    def wanted(self) -> TraceFilter:
        """Return it as a filter of the store."""
        given = self.model_dump(exclude={"limit", "after"})
        for moment in ("since", "until"):
            if given[moment] is not None:
                given[moment] = given[moment].astimezone(UTC)
        return TraceFilter(**given)
