"""The table of the processes that write: which of them are there, as far as the database can tell."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from .tables import Base


class Lease(Base):
    """One process that may have runs under way; it goes with the process."""

    __tablename__ = "writer"

    id: Mapped[str] = mapped_column(primary_key=True)
    """As in `trace.writer`."""
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    """When it last said that it is there, by the clock of the database."""
