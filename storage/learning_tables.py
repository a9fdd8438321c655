"""The tables of what is learned from traces: policies, which of them serves, grades, evaluations.

All are append-only. A trace that goes takes its grades along; an evaluation keeps the item, without
the trace.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .tables import Base

METADATA = Base.metadata
"""Every table there is: these, those of traces, of keys and of writers."""


class Policy(Base):
    """One version of a learned policy."""

    __tablename__ = "policy"
    __table_args__ = (UniqueConstraint("name", "version"), UniqueConstraint("name", "hash"))

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7."""
    name: Mapped[str]
    version: Mapped[int]
    """Of its name; counts from 1."""
    hash: Mapped[str]
    """SHA-256 of `document`, in hex."""
    created_at: Mapped[datetime]
    kind: Mapped[str | None]
    """With `model` and `verifier` the scope: the runs it is for. None is any."""
    model: Mapped[str | None]
    verifier: Mapped[str | None]
    document: Mapped[str]
    """The whole policy as canonical JSON. A text, not a JSON column: that would rewrite its numbers,
    and the hash could not be checked."""


class Activation(Base):
    """One decision about which policy serves a scope; `activations.py` says how they add up."""

    __tablename__ = "activation"

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7."""
    created_at: Mapped[datetime]
    """Later than that of every row before it."""
    kind: Mapped[str | None]
    model: Mapped[str | None]
    verifier: Mapped[str | None]
    policy_id: Mapped[str | None] = mapped_column(ForeignKey("policy.id"))
    """Serves from now on; None is the built-in policy."""
    undoes: Mapped[str | None] = mapped_column(ForeignKey("activation.id"))
    """Set by a rollback: this activation and those of the scope after it no longer stand."""
    note: Mapped[str | None]


class Grade(Base):
    """One judgement of one answer; there may be several of a trace."""

    __tablename__ = "grade"
    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        Index(None, "trace_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7."""
    trace_id: Mapped[str] = mapped_column(ForeignKey("trace.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    grader: Mapped[str]
    """Who: `dataset:gsm8k_test_dev`, `person:anna`, `checker:unit-tests`."""
    score: Mapped[float]
    """0 is wrong, 1 is right."""
    note: Mapped[str | None]
    answer: Mapped[str | None]
    """The right answer, where the grader says it."""


class Evaluation(Base):
    """Questions with known answers, put to one set-up."""

    __tablename__ = "evaluation"

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7."""
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    data: Mapped[str]
    """Name of the file with the questions."""
    data_hash: Mapped[str]
    settings: Mapped[dict[str, Any]]
    """All that must be equal for the rest of it to be run later."""


class EvaluationItem(Base):
    """One question of an evaluation, answered or failed."""

    __tablename__ = "evaluation_item"
    __table_args__ = (Index(None, "trace_id"),)

    evaluation_id: Mapped[str] = mapped_column(
        ForeignKey("evaluation.id", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[str] = mapped_column(primary_key=True)
    trace_id: Mapped[str | None] = mapped_column(ForeignKey("trace.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    is_right: Mapped[bool]
    """`right` alone would have to be quoted in every statement: SQL reserves the word."""
    answer: Mapped[str | None]
    error: Mapped[str | None]
    """Why there is no answer; such an item is not right."""
    kind: Mapped[str]
    level_by_data: Mapped[int | None]
    """As the data set has it."""
