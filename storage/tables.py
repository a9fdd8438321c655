"""The tables a trace is kept in.

One `trace` a run; everything else hangs on it by `trace_id` and goes when it goes. Rows are
appended and left alone, but for three things that a run learns late: the trace row is completed,
a step or a candidate gets its score, and usage grows by a call that ends after its run.

Steps are stored once: branches that share a beginning share its rows, and a candidate is a leaf
that points at its last step. `parent_key` has no foreign key on purpose: rows are what a search
said, and a parent it forgot must not cost a child. `key` is unique in a run, `seq` counts in the
order things were found, from 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from .schema import Base, of_trace
from .tally_tables import Tally

__all__ = [
    "WRITE_ORDER",
    "Base",
    "Call",
    "Candidate",
    "NodeRun",
    "Step",
    "Tally",
    "Trace",
    "UsageOfRole",
    "Verdict",
    "Vote",
]


class Trace(Base):
    """One run: what was asked, what was planned, what came out."""

    __tablename__ = "trace"
    __table_args__ = (
        Index(None, "created_at"),
        Index(None, "status"),
        Index(None, "key_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7, made by the recorder: sorts by time."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    """running, finished, failed, cancelled, interrupted."""
    writer: Mapped[str]
    """host:pid:start of the process that ran it."""
    face: Mapped[str]
    model: Mapped[str]
    verifier_model: Mapped[str | None]
    effort: Mapped[str]
    kind: Mapped[str]
    question: Mapped[str]
    """The last user turn."""
    messages: Mapped[list[Any]]
    max_generations: Mapped[int]
    max_tokens: Mapped[int | None]
    """Of the whole run; of one answer it is in `sampling`."""
    deadline_s: Mapped[float | None]
    sampling: Mapped[dict[str, Any]]
    needs: Mapped[dict[str, Any] | None]
    """What the caller stated as needed: confidence, seconds, tokens; None where nothing was."""
    difficulty_probability: Mapped[float | None]
    difficulty_level: Mapped[int | None]
    difficulty_method: Mapped[str | None]
    difficulty_samples: Mapped[int | None]
    plans: Mapped[list[Any]]
    """Oldest first: strategy, selection, generations, numbers, revisions, policy, why, level,
    probability."""
    strategy: Mapped[str | None]
    """Of the last plan; `direct` for a run without one."""
    policy: Mapped[str | None]
    """As the plan named it; the three after it are the same in parts."""
    answer_text: Mapped[str | None]
    answer: Mapped[str | None]
    """The final answer in `answer_text`, as written."""
    candidate_key: Mapped[str | None]
    confidence: Mapped[float | None]
    """Share of the vote."""
    probability: Mapped[float | None]
    """P(the answer is right), calibrated; None where the policy has no model of it."""
    needs_met: Mapped[bool | None]
    whole: Mapped[bool | None]
    stop_reason: Mapped[str | None]
    generations: Mapped[int | None]
    seconds: Mapped[float | None]
    calls: Mapped[int | None]
    prompt_tokens: Mapped[int | None]
    cached_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    reasoning_tokens: Mapped[int | None]
    """The part of `completion_tokens` that is not in `answer_text`."""
    verifier_tokens: Mapped[int | None]
    faults: Mapped[list[Any]]
    error: Mapped[str | None]
    key_id: Mapped[str | None]
    """The API key it was asked with; None where keys are off. No foreign key: no trace is to be lost
    for its key."""
    resumes: Mapped[str | None]
    """The run that it went on from, asked with the same idempotency key; its usage includes what that
    one had spent. No foreign key: either may be deleted before the other."""
    kept: Mapped[dict[str, Any] | None]
    """What the face that asked keeps of its request beside the rest, in its own JSON: of a response its
    metadata, tools and text format; of a chat its metadata."""
    policy_name: Mapped[str | None]
    policy_version: Mapped[int | None]
    """With the name it finds the row in `policy`; the built-in policy has a version and no row."""
    policy_hash: Mapped[str | None]
    """The first 8 hex digits of the hash of its document; None where it is not stored."""
    texts: Mapped[str] = mapped_column(server_default="kept")
    """kept; redacted (taken out later); never (the caller's key keeps none)."""


class Step(Base):
    """One step of reasoning."""

    __tablename__ = "step"
    __table_args__ = (Index(None, "trace_id", "parent_key"),)

    trace_id: Mapped[str] = of_trace()
    key: Mapped[str] = mapped_column(primary_key=True)
    parent_key: Mapped[str | None]
    seq: Mapped[int]
    text: Mapped[str]
    n_tokens: Mapped[int | None]
    score: Mapped[float | None]


class Candidate(Base):
    """A branch that has ended."""

    __tablename__ = "candidate"
    __table_args__ = (
        ForeignKeyConstraint(["trace_id", "leaf_step_key"], ["step.trace_id", "step.key"]),
        Index(None, "trace_id", "leaf_step_key"),
        # For what revisions changed, which concerns few of the candidates.
        Index(
            "ix_candidate_revises",
            "trace_id",
            sqlite_where=text("parent_key IS NOT NULL"),
            postgresql_where=text("parent_key IS NOT NULL"),
        ),
    )

    trace_id: Mapped[str] = of_trace()
    key: Mapped[str] = mapped_column(primary_key=True)
    parent_key: Mapped[str | None]
    """The candidate it revises; None when it revises none."""
    leaf_step_key: Mapped[str | None]
    seq: Mapped[int]
    origin: Mapped[str]
    ending: Mapped[str]
    text: Mapped[str]
    n_tokens: Mapped[int]
    answer: Mapped[str | None]
    answer_key: Mapped[str | None]
    score: Mapped[float | None]
    thinking: Mapped[str]
    """What the model wrote between thinking tags."""
    confidence: Mapped[float | None]
    """What its token log-probabilities say, where its strategy asked for them."""
    vote: Mapped[float | None]
    """What it weighed, where its strategy gave it a weight of its own."""
    attempts: Mapped[list[Any]]
    """Keys of the earlier attempts in its context, oldest first."""


class Verdict(Base):
    """One round of verification."""

    __tablename__ = "verdict"

    trace_id: Mapped[str] = of_trace()
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    selection: Mapped[str]
    winner: Mapped[str | None]
    confidence: Mapped[float | None]
    margin: Mapped[float | None]
    decided: Mapped[bool]


class Vote(Base):
    """One group of equal answers in a verdict."""

    __tablename__ = "vote"
    __table_args__ = (
        ForeignKeyConstraint(
            ["trace_id", "verdict_seq"], ["verdict.trace_id", "verdict.seq"], ondelete="CASCADE"
        ),
    )

    trace_id: Mapped[str] = mapped_column(primary_key=True)
    verdict_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 is the heaviest."""
    answer_key: Mapped[str]
    answer: Mapped[str]
    weight: Mapped[float]
    members: Mapped[list[Any]]


class Call(Base):
    """One request to a model server, failed and cancelled ones too."""

    __tablename__ = "call"

    trace_id: Mapped[str] = of_trace()
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In the order the calls were started."""
    role: Mapped[str]
    """generator, verifier."""
    kind: Mapped[str]
    """sample (a new answer), continue (the beginning of one), score."""
    request: Mapped[dict[str, Any]]
    started_s: Mapped[float]
    """Seconds from the start of the run."""
    ms: Mapped[float]
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    verifier_tokens: Mapped[int]
    returned: Mapped[int]
    """Completions, or scored solutions, that came back."""
    fault: Mapped[str | None]
    """Why some of it is missing; the rest was used."""
    error: Mapped[str | None]
    """Why nothing came back; `cancelled` when nobody wanted it any more."""


class UsageOfRole(Base):
    """What a run spent on one role, summed over its calls."""

    __tablename__ = "usage"

    trace_id: Mapped[str] = of_trace()
    role: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int]
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    verifier_tokens: Mapped[int]


class NodeRun(Base):
    """One node of the graph, run once."""

    __tablename__ = "node_run"

    trace_id: Mapped[str] = of_trace()
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str]
    started_s: Mapped[float]
    seconds: Mapped[float]


WRITE_ORDER: tuple[type[Base], ...] = (
    Trace,
    Step,
    Candidate,
    Verdict,
    Vote,
    Call,
    UsageOfRole,
    NodeRun,
    Tally,
)
"""The tables of a trace, each after those it refers to."""
