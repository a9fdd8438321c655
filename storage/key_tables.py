"""The table of API keys.

Only a hash of a key is kept. A row is appended and left alone, but for `revoked_at`, which is set
once; a revoked key stays for the traces that name it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from .tables import Base


class ApiKey(Base):
    """One key of one caller, and what it may spend. A limit that is NULL is none."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index(None, "prefix"),
        # One key of a name at a time; the revoked ones before it keep theirs.
        Index(
            "uq_api_key_name",
            "name",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        CheckConstraint("requests_per_minute > 0", name="requests_per_minute"),
        CheckConstraint("thinking_tokens_per_minute > 0", name="thinking_tokens_per_minute"),
        CheckConstraint("tokens_per_day > 0", name="tokens_per_day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """UUIDv7."""
    name: Mapped[str]
    prefix: Mapped[str]
    """How the key begins: shown to people, and how it is found."""
    hash: Mapped[str]
    """SHA-256 of the whole key, in hex."""
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    requests_per_minute: Mapped[int | None]
    thinking_tokens_per_minute: Mapped[int | None]
    """Generated tokens, thrown away or not."""
    tokens_per_day: Mapped[int | None]
    """All tokens, read and generated, of a day of UTC."""
    priority: Mapped[int]
    """Runs of a higher one start first where runs have to wait."""
    texts: Mapped[bool] = mapped_column(server_default=true())
    """Whether the texts of its runs are kept; numbers always are."""
