"""What keys have left, kept so that every process counts the same.

The row of a key is locked from its reading to its writing, so that two processes never both see the
last request of a minute. What a limit is, and how a minute fills, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .keys import tokens_since
from .rows import insert_new, table_of
from .shared_tables import KeyAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one key has spent."""

    requests_full_s: float = 0.0
    """When its requests of a minute are all there again, in seconds since 1970."""
    thinking_full_s: float = 0.0
    """The same of its thinking tokens."""
    day: datetime
    """Midnight of UTC at which `today` began."""
    today: int = 0
    """All tokens, read and generated, since then."""


Changed = Callable[[Account], Account]
"""Gives what an account becomes; what it raises leaves it as it was."""


async def change_account(
    connection: AsyncConnection, key_id: str, midnight: datetime, changed: Changed
) -> Account:
    """Return the account of the key after `changed`.

    A key without one begins with the runs that the traces have of it since `midnight`. On SQLite the
    transaction must be an immediate one: that is the lock there.
    """
    table = table_of(KeyAccount)
    columns = [table.c[field.name] for field in fields(Account)]
    query = select(*columns).where(table.c.key_id == key_id).with_for_update()
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        spent = await tokens_since(connection, key_id, midnight)
        fresh = {"key_id": key_id, **asdict(Account(day=midnight, today=spent))}
        await connection.execute(insert_new(connection, KeyAccount), fresh)  # waits for a rival's
        row = (await connection.execute(query)).mappings().one()
    account = changed(Account(**row))
    await connection.execute(
        update(table).where(table.c.key_id == key_id).values(**asdict(account))
    )
    return account
