"""The tables by which the processes that share a database agree: what keys have left, what is to end.

They hold no history. An account is rewritten by every run of its key, and a cancellation goes with its
trace.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Double, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from .tables import Base


class KeyAccount(Base):
    """What one key has spent, over every process; only keys with a limit have one."""

    __tablename__ = "key_account"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    requests_full_s: Mapped[float] = mapped_column(Double())
    """When its requests of a minute are all there again, in seconds since 1970."""
    thinking_full_s: Mapped[float] = mapped_column(Double())
    """The same of its thinking tokens."""
    day: Mapped[datetime]
    """Midnight of UTC at which `today` began."""
    today: Mapped[int] = mapped_column(BigInteger())
    """All tokens, read and generated, since then."""


class Cancellation(Base):
    """A run that is to end, wherever it goes on; the process that runs it looks here."""

    __tablename__ = "cancellation"

    trace_id: Mapped[str] = mapped_column(
        ForeignKey("trace.id", ondelete="CASCADE"), primary_key=True
    )
    asked_at: Mapped[datetime]
