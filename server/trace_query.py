"""The query of `GET /v1/traces`: which runs, and which page of them."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from ..storage.recorder import Status
from ..storage.trace_filter import Graded, TraceFilter

MOST = 200
"""The most traces of one page."""
ID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""A whole id, in the one form that runs have."""
MOST_TOKENS = 2**31 - 1


def _written_out(value: object) -> object:
    """Refuse a bare number, which would be read as seconds since 1970."""
    if isinstance(value, str) and "-" not in value:
        raise ValueError("must be a time as in 2026-11-27T23:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class TraceQuery(BaseModel):
    """What is left out does not count."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=MOST)
    after: str | None = Field(None, description="An id; older ones come.", pattern=ID_PATTERN)
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
    since: Moment | None = Field(None, description="It began then or later.")
    until: Moment | None = Field(None, description="It began before that.")

    def wanted(self) -> TraceFilter:
        """Return it as a filter of the store."""
        given = self.model_dump(exclude={"limit", "after"})
        for moment in ("since", "until"):
            if given[moment] is not None:
                given[moment] = given[moment].astimezone(UTC)
        return TraceFilter(**given)
