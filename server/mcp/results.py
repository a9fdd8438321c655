"""What the tools return: their output schemas, and how a result or a failure is put on the wire.

Every result has its numbers as structured content and the same in words as text. The specification
(2025-06-18, server/tools, "Structured Content") would have the JSON repeated as text; a model that
reads only text is better served by the answer itself.
"""

from __future__ import annotations

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from ...nodes.budget import Effort
from ...nodes.state import StopReason


class Thought(BaseModel):
    """The structured content of `think`."""

    text: str = Field(description="The reply, whole.")
    answer: str | None = Field(description="The final answer in it; null for prose.")
    confidence: float | None = Field(description="Share of the vote it won, 0 to 1.")
    probability: float | None = Field(
        description="Probability that it is right, by a calibrated model; null without one."
    )
    whole: bool = Field(description="False when the reply was cut off.")
    stop_reason: StopReason = Field(description="Why the thinking ended.")
    effort: Effort = Field(description="The most it was allowed to think.")
    generations: int = Field(description="Answers that were drawn.")
    tokens: int = Field(description="Tokens that were generated, thrown away or not.")
    seconds: float = Field(description="How long it took.")
    trace_id: str = Field(description="For `read_trace`.")
    faults: list[str] = Field(description="What went wrong on the way and was survived.")


class Vote(BaseModel):
    """A group of equal answers in the last vote."""

    answer: str
    share: float = Field(description="Of all weight, 0 to 1.")
    answers: int = Field(description="How many were equal.")


class TraceReport(BaseModel):
    """The structured content of `read_trace`."""

    trace_id: str
    status: str = Field(description="running, finished, failed, cancelled or interrupted.")
    asked_at: str = Field(description="UTC, ISO 8601.")
    question: str = Field(description="Its beginning.")
    model: str
    effort: str
    kind: str = Field(description="The sort of final answer.")
    level: int | None = Field(description="Difficulty, 1 (easy) to 5 (hard).")
    strategy: str | None = Field(description="How it searched; null where it asked once.")
    answer: str | None = Field(description="The final answer, or the beginning of the reply.")
    confidence: float | None
    probability: float | None
    stop_reason: str | None
    generations: int | None
    tokens: int | None
    seconds: float | None
    candidates: int = Field(description="Answers that were drawn, cut ones too.")
    votes: list[Vote] = Field(description="The last vote, heaviest first; the first few.")
    faults: list[str]
    error: str | None = Field(description="Why it failed; null where it did not.")


def success(structured: BaseModel, *texts: str) -> CallToolResult:
    """Return a result with `texts` as its text blocks."""
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in texts],
        structured_content=structured.model_dump(mode="json"),
    )


def failure(sentence: str) -> CallToolResult:
    """Return an error that the client's model can read and act on."""
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)
