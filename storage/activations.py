"""Which policy serves, as a log that only grows, read as a stack.

Of each scope: an activation is put on the stack. A rollback names in `undoes` the activation it
takes off, and with it goes all that lies above; the rollback itself is never on the stack. So a
rollback after a rollback goes further back, and never returns to what was rolled back. What lies on
top serves; with nothing there it is the built-in policy. A policy that was activated several times in a row
is rolled back at once.

The log's order is that of `created_at`, which is made later than every row before it, whatever the
clocks of the processes that share the database say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import uuid_utils
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import StoreError
from ..nodes.policy.document import Scope
from .learning_tables import Activation as ActivationRow
from .learning_tables import Policy
from .policies import ActivePolicy, PolicyRecord, read_policies, scope_of, scope_words
from .rows import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One entry of the log."""

    id: str
    created_at: datetime
    scope: Scope
    policy_id: str | None
    """Serves the scope from then on; None is the built-in policy."""
    policy: str | None
    """Name and version of it."""
    undoes: str | None
    """Of a rollback, the lowest activation that it took off the stack."""
    note: str | None


def standing(log: Iterable[Activation]) -> list[Activation]:
    """Return the stack that `log`, one scope's, oldest first, adds up to; the last one serves."""
    stack: list[Activation] = []
    for entry in log:
        ids = [below.id for below in stack]
        if entry.undoes is None:
            stack.append(entry)
        elif entry.undoes in ids:
            del stack[ids.index(entry.undoes) :]
    return stack


async def list_activations(connection: AsyncConnection) -> list[Activation]:
    """Return the whole log, oldest first."""
    table, policy = table_of(ActivationRow), table_of(Policy)
    query = (
        select(table, policy.c.name, policy.c.version)
        .outerjoin(policy, policy.c.id == table.c.policy_id)
        .order_by(table.c.created_at, table.c.id)
    )
    return [
        Activation(
            id=row["id"],
            created_at=row["created_at"],
            scope=scope_of(row),
            policy_id=row["policy_id"],
            policy=None if row["policy_id"] is None else f"{row['name']}@{row['version']}",
            undoes=row["undoes"],
            note=row["note"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def serving(connection: AsyncConnection) -> list[Activation]:
    """Return what is on top of each scope's stack, the built-in policy left out, newest first.

    `created_at` says since when it serves: a rollback may have brought it back.
    """
    logs: dict[Scope, list[Activation]] = {}
    for entry in await list_activations(connection):
        logs.setdefault(entry.scope, []).append(entry)
    tops = [
        replace(stack[-1], created_at=log[-1].created_at)
        for log in logs.values()
        if (stack := standing(log)) and stack[-1].policy_id is not None
    ]
    return sorted(tops, key=lambda top: top.created_at, reverse=True)


async def active_policies(connection: AsyncConnection) -> tuple[ActivePolicy, ...]:
    """Return what serves each scope that the built-in policy does not, newest first.

    Raises:
        StoreError: one is not what was saved.
    """
    tops = await serving(connection)
    ids = {top.policy_id for top in tops if top.policy_id is not None}
    records = await read_policies(connection, ids)
    return tuple(
        ActivePolicy(scope=top.scope, record=records[top.policy_id], since=top.created_at)
        for top in tops
        if top.policy_id is not None
    )


async def activate(
    connection: AsyncConnection, record: PolicyRecord, note: str | None, now: datetime
) -> Activation:
    """Let `record` serve its own scope."""
    await _lock(connection)
    return await _append(
        connection,
        Activation(
            id=str(uuid_utils.uuid7()),
            created_at=now,
            scope=record.document.scope,
            policy_id=record.id,
            policy=record.reference,
            undoes=None,
            note=note,
        ),
    )


async def rollback(connection: AsyncConnection, scope: Scope, now: datetime) -> Activation:
    """Let serve what served `scope` before the policy that serves it now was activated.

    Raises:
        StoreError: the built-in policy serves it already.
    """
    await _lock(connection)
    log = [one for one in await list_activations(connection) if one.scope == scope]
    stack = standing(log)
    if not stack:
        raise StoreError(f"no policy is active for {scope_words(scope)}, so none is rolled back")
    undone = stack.pop()
    while stack and stack[-1].policy_id == undone.policy_id:
        undone = stack.pop()
    return await _append(
        connection,
        Activation(
            id=str(uuid_utils.uuid7()),
            created_at=now,
            scope=scope,
            policy_id=stack[-1].policy_id if stack else None,
            policy=stack[-1].policy if stack else None,
            undoes=undone.id,
            note=None,
        ),
    )


async def _lock(connection: AsyncConnection) -> None:
    """Let one process at a time append; on SQLite the transaction has the write lock already."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE activation IN SHARE ROW EXCLUSIVE MODE"))


async def _append(connection: AsyncConnection, entry: Activation) -> Activation:
    table = table_of(ActivationRow)
    last = await connection.scalar(select(func.max(table.c.created_at)))
    moment = entry.created_at
    if last is not None and last >= moment:
        moment = last + timedelta(microseconds=1)
    values = {
        "id": entry.id,
        "created_at": moment,
        "kind": entry.scope.kind,
        "model": entry.scope.model,
        "verifier": entry.scope.verifier,
        "policy_id": entry.policy_id,
        "undoes": entry.undoes,
        "note": entry.note,
    }
    await connection.execute(insert(table).values(values))
    return replace(entry, created_at=moment)
