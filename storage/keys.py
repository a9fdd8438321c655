"""API keys in SQL: made once, shown once, kept as a hash, revoked and never deleted.

A key is 256 random bits, so its SHA-256 is enough: a slow hash protects secrets that people choose,
which can be guessed, and would cost every request its time. A key is found by its beginning, which
is no secret, and its hash is compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import uuid_utils
from sqlalchemy import Column, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from . import tables
from .key_tables import ApiKey as KeyRow
from .recorder import Status
from .rows import table_of

KEY_BYTES = 32
MARK = "ft-"
"""How every key begins."""
PREFIX_CHARS = 10
"""Of a key, `MARK` included: 42 of its bits are shown, 214 are not."""
MOST = 2**31 - 1
"""The largest limit; one that large is better left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to be made. A limit that is None is none."""

    name: str
    requests_per_minute: int | None = None
    thinking_tokens_per_minute: int | None = None
    """Generated tokens, thrown away or not."""
    tokens_per_day: int | None = None
    """All tokens, read and generated, of a day of UTC."""
    priority: int = 0
    """Runs of a higher one start first where runs have to wait."""
    texts: bool = True
    """Whether the texts of its runs are kept; numbers always are."""

    def __post_init__(self) -> None:
        if not self.name or self.name != self.name.strip() or not self.name.isprintable():
            raise ValueError(f"name must be one line of text, not {self.name!r}")
        for limit in ("requests_per_minute", "thinking_tokens_per_minute", "tokens_per_day"):
            value = getattr(self, limit)
            if value is not None and not 1 <= value <= MOST:
                raise ValueError(f"{limit} must be from 1 to {MOST}, not {value!r}")
        if abs(self.priority) > MOST:
            raise ValueError(f"priority must be from -{MOST} to {MOST}, not {self.priority!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret; the fields of `NewKey`, and when it was made and revoked."""

    id: str
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None
    requests_per_minute: int | None
    thinking_tokens_per_minute: int | None
    tokens_per_day: int | None
    priority: int
    texts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """A key that was just made."""

    key: ApiKey
    secret: str
    """The key itself; nothing can show it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOwner:
    """Whose a stored run is, and how it stands."""

    status: Status
    key_id: str | None


async def create_key(connection: AsyncConnection, new: NewKey, now: datetime) -> CreatedKey:
    """Make a key.

    Raises:
        StoreError: a key of that name is there and not revoked.
    """
    secret = MARK + secrets.token_urlsafe(KEY_BYTES)
    key = ApiKey(
        id=str(uuid_utils.uuid7()),
        prefix=secret[:PREFIX_CHARS],
        created_at=now,
        revoked_at=None,
        **asdict(new),
    )
    try:
        await connection.execute(insert(table_of(KeyRow)), {**asdict(key), "hash": _hash(secret)})
    except IntegrityError as exc:
        raise StoreError(f"there is a key {new.name!r} already; revoke it first") from exc
    return CreatedKey(key=key, secret=secret)


async def list_keys(connection: AsyncConnection) -> list[ApiKey]:
    """Return every key, revoked ones too, oldest first."""
    table = table_of(KeyRow)
    query = select(*_columns()).order_by(table.c.created_at, table.c.id)
    return [ApiKey(**row) for row in (await connection.execute(query)).mappings()]


async def revoke_key(connection: AsyncConnection, name: str, now: datetime) -> ApiKey:
    """Revoke the key called `name`, or that begins with `name`, and return it.

    Raises:
        StoreError: there is none that is not revoked already.
    """
    table = table_of(KeyRow)
    live = table.c.revoked_at.is_(None)
    for column in (table.c.name, table.c.prefix):
        query = select(*_columns()).where(live, column == name)
        if row := (await connection.execute(query)).mappings().first():
            gone = update(table).where(table.c.id == row["id"]).values(revoked_at=now)
            await connection.execute(gone)
            return ApiKey(**{**row, "revoked_at": now})
    raise StoreError(f"there is no key {name!r}, or it is revoked already")


async def find_key(connection: AsyncConnection, secret: str) -> ApiKey | None:
    """Return the key that `secret` is; None for a wrong or a revoked one."""
    table = table_of(KeyRow)
    query = select(*_columns(), table.c.hash).where(
        table.c.prefix == secret[:PREFIX_CHARS], table.c.revoked_at.is_(None)
    )
    digest = _hash(secret)
    for row in (await connection.execute(query)).mappings():
        if hmac.compare_digest(row["hash"], digest):
            return ApiKey(**{field.name: row[field.name] for field in fields(ApiKey)})
    return None


async def tokens_since(connection: AsyncConnection, key_id: str, moment: datetime) -> int:
    """Return all tokens, read and generated, of the key's runs that began at `moment` or later.

    A run that another one went on from is left out: its tokens are counted with that one's.
    """
    table = table_of(tables.Trace)
    later = table.alias("later")
    resumed = select(later.c.id).where(later.c.resumes == table.c.id, later.c.key_id == key_id)
    counted = (table.c.prompt_tokens, table.c.completion_tokens, table.c.verifier_tokens)
    query = select(*(func.sum(column) for column in counted))
    query = query.where(table.c.key_id == key_id, table.c.created_at >= moment)
    query = query.where(~resumed.exists())
    return sum(int(total or 0) for total in (await connection.execute(query)).one())


async def owner_of_run(connection: AsyncConnection, trace_id: str) -> RunOwner | None:
    """Return whose the run with this whole id is; None where there is no such run."""
    table = table_of(tables.Trace)
    query = select(table.c.status, table.c.key_id).where(table.c.id == trace_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else RunOwner(**row)


def _columns() -> list[Column[Any]]:
    table = table_of(KeyRow)
    return [table.c[field.name] for field in fields(ApiKey)]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
