"""The table of idempotency keys: which run a request with a key of its caller's choice became.

A key is kept as a hash of itself, its caller and its path. A row goes after 24 hours.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from .tables import Base


class IdempotencyKey(Base):
    """One key, and the newest run that was begun for it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the caller's API key id, the path and the key, in hex."""
    request_hash: Mapped[str]
    """SHA-256 of the body it came with, in hex."""
    created_at: Mapped[datetime]
    """Of the newest try."""
    writer: Mapped[str]
    """The process that runs the newest try, as in `trace.writer`."""
    trace_id: Mapped[str | None]
    """Of the newest try; NULL until its run has begun."""
    resumes: Mapped[str | None]
    """The run that a try goes on from which has not begun its own; NULL where there is none."""
