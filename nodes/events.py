"""What a run tells while it goes on. Whoever listens writes rows, streams text or draws a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .state import ThinkState

NodeName = Literal["direct", "estimate", "plan", "search", "verify", "revise", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArrived:
    """A piece of a text that is being sampled; only when somebody listens."""

    key: str
    """Of the candidate or step it belongs to."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFinished:
    """A node of the graph has run."""

    node: NodeName
    writes: ThinkState
    """The state keys it wrote, whole: a `Hunt` holds the search so far, not its last round."""
    started_s: float
    """Seconds from the start of the run."""
    seconds: float


Event = TextArrived | NodeFinished
