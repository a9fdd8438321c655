"""What every table is made with: its base, how constraints are named, how columns are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import StoredJson, StoredText, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What the tables share."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own declaration
        str: StoredText(),
        datetime: UtcDateTime(),
        dict[str, Any]: StoredJson(),
        list[Any]: StoredJson(),
    }


def of_trace() -> Mapped[str]:
    """Return the column by which a row belongs to a trace, first in its primary key."""
    return mapped_column(ForeignKey("trace.id", ondelete="CASCADE"), primary_key=True)
