"""What is read back: a trace in a line, and a trace whole.

The fields are the columns of `tables.py`, where they are explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .grades import Grade
from .recorder import Status
from .texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummary:
    """One run in a line."""

    id: str
    created_at: datetime
    status: Status
    face: str
    model: str
    effort: str
    kind: str
    question: str
    difficulty_level: int | None
    strategy: str | None
    answer: str | None
    confidence: float | None
    probability: float | None
    stop_reason: str | None
    generations: int | None
    completion_tokens: int | None
    seconds: float | None
    policy: str | None = None
    texts: Texts = "kept"
    score: float | None = None
    """What its graders say, the mean of the newest grade of each; None where nobody graded it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """The trace row."""

    id: str
    created_at: datetime
    finished_at: datetime | None
    status: Status
    writer: str
    face: str
    model: str
    verifier_model: str | None
    effort: str
    kind: str
    question: str
    messages: list[dict[str, Any]]
    max_generations: int
    max_tokens: int | None
    deadline_s: float | None
    sampling: dict[str, Any]
    needs: dict[str, Any] | None
    difficulty_probability: float | None
    difficulty_level: int | None
    difficulty_method: str | None
    difficulty_samples: int | None
    plans: list[dict[str, Any]]
    strategy: str | None
    policy: str | None
    answer_text: str | None
    answer: str | None
    candidate_key: str | None
    confidence: float | None
    probability: float | None
    needs_met: bool | None
    whole: bool | None
    stop_reason: str | None
    generations: int | None
    seconds: float | None
    calls: int | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    verifier_tokens: int | None
    faults: list[str]
    error: str | None
    resumes: str | None
    kept: dict[str, Any] | None
    policy_name: str | None = None
    policy_version: int | None = None
    policy_hash: str | None = None
    texts: Texts = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step row."""

    key: str
    parent_key: str | None
    seq: int
    text: str
    n_tokens: int | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    """A candidate row."""

    key: str
    parent_key: str | None
    leaf_step_key: str | None
    seq: int
    origin: str
    ending: str
    text: str
    n_tokens: int
    answer: str | None
    answer_key: str | None
    score: float | None
    thinking: str
    confidence: float | None
    vote: float | None
    attempts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """A verdict row."""

    seq: int
    selection: str
    winner: str | None
    confidence: float | None
    margin: float | None
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView:
    """A vote row: one group of a verdict."""

    verdict_seq: int
    rank: int
    answer_key: str
    answer: str
    weight: float
    members: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call row."""

    seq: int
    role: str
    kind: str
    request: dict[str, Any]
    started_s: float
    ms: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    verifier_tokens: int
    returned: int
    fault: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """A usage row."""

    role: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    verifier_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node_run row."""

    seq: int
    node: str
    started_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyView:
    """A tally row."""

    steps: int
    candidates: int
    whole: int
    pruned: int
    cut_tokens: int
    answer_key: str | None
    winner_score: float | None
    verifier_agrees: bool | None
    pilot_samples: int
    pilot_agreeing: int
    votes: int
    settled_votes: int | None
    decided_votes: int | None
    late_tokens: int
    revisions: int
    revisions_changed: int
    first_answer_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceDetail:
    """One run whole. Each tuple is in the order of `seq`; votes by verdict and rank."""

    trace: TraceView
    steps: tuple[StepView, ...]
    candidates: tuple[CandidateView, ...]
    verdicts: tuple[VerdictView, ...]
    votes: tuple[VoteView, ...]
    calls: tuple[CallView, ...]
    usage: tuple[UsageView, ...]
    nodes: tuple[NodeView, ...]
    tally: TallyView | None = None
    """None while the run goes on."""
    grades: tuple[Grade, ...] = ()
    """Oldest first."""
