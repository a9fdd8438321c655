"""The events of a streamed thought. Each is one SSE event whose name is its `type`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...nodes.budget import Effort
from ...nodes.events import NodeName
from ..documented import ErrorDetail
from .reply import DifficultyReply, PlanReply, ThinkReply, VoteReply


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    number: int
    """Counts from 0."""


class StartedEvent(_Event):
    """The run is open; always the first."""

    type: Literal["started"] = "started"
    trace_id: str
    model: str
    effort: Effort
    thinks: bool
    """False when the model is asked once: then there is no `thinking`."""


class ThinkingEvent(_Event):
    """A piece of what the run tells, in plain words."""

    type: Literal["thinking"] = "thinking"
    text: str
    ends: bool
    """This stage tells nothing more."""


class NodeEvent(_Event):
    """A stage of the run has ended. What it did not find is null."""

    type: Literal["node"] = "node"
    node: NodeName
    started_s: float
    """Seconds from the start of the run."""
    seconds: float
    rounds: int | None
    """Of the search, since its plan."""
    found: int
    """Whole texts so far."""
    difficulty: DifficultyReply | None
    plan: PlanReply | None
    vote: VoteReply | None


class TextEvent(_Event):
    """A piece of the answer's text; together they are `thought.text`."""

    type: Literal["text"] = "text"
    text: str


class DoneEvent(_Event):
    """The reply; the last event of a run that has an answer."""

    type: Literal["done"] = "done"
    thought: ThinkReply


class FailedEvent(_Event):
    """There is no answer; the last event."""

    type: Literal["error"] = "error"
    error: ErrorDetail


ThinkEvent = Annotated[
    StartedEvent | ThinkingEvent | NodeEvent | TextEvent | DoneEvent | FailedEvent,
    Field(discriminator="type"),
]
