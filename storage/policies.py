"""Learned policies in SQL: saved once, numbered by name, never changed, checked when read.

A policy is found by its `name` (the newest version), by `name@3`, or by the beginning of its id or
hash; a name comes before a beginning. Which policies serve is in `activations.py`; this file only
says which of the active ones a run gets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import uuid_utils
from sqlalchemy import RowMapping, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..nodes.errors import NotStored, StoreError
from ..nodes.policy.document import PolicyDocument, Scope
from ..nodes.values import Kind
from .documents import policy_from, policy_json
from .learning_tables import Policy
from .rows import insert_new, table_of

SHORTEST = 6
"""Characters of an id or a hash that name a policy."""
AMBIGUOUS_SHOWN = 5
_VERSION = re.compile(r"([^@]+)@([0-9]{1,9})")
_SUMMARY = ("id", "name", "version", "hash", "created_at", "kind", "model", "verifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord:
    """One version of a policy, whole."""

    id: str
    name: str
    version: int
    """Of its name; counts from 1."""
    hash: str
    """SHA-256 of the document's JSON, in hex."""
    created_at: datetime
    document: PolicyDocument

    @property
    def reference(self) -> str:
        """Its name and version, as traces and commands write them."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySummary:
    """One version of a policy in a line."""

    id: str
    name: str
    version: int
    hash: str
    created_at: datetime
    scope: Scope
    active: bool
    """It serves some scope now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePolicy:
    """A policy that serves."""

    scope: Scope
    record: PolicyRecord
    since: datetime


def pick_policy(
    active: Sequence[ActivePolicy], kind: Kind, model: str, verifier: str | None
) -> PolicyRecord | None:
    """Return the policy for a run; None is the built-in one.

    A scope serves a run when everything it names is so: one that names a verifier never serves a run
    with another or without. Of those that serve, the one that names most of model, verifier and kind
    wins; of equally many, the one that names the model, then the one that names the verifier; then
    the newest.
    """
    run = Scope(kind=kind, model=model, verifier=verifier)
    serving = [
        one
        for one in active
        if one.scope.kind in (None, run.kind)
        and one.scope.model in (None, run.model)
        and one.scope.verifier in (None, run.verifier)
    ]
    best = max(serving, key=lambda one: (*_weight(one.scope), one.since), default=None)
    return None if best is None else best.record


def _weight(scope: Scope) -> tuple[int, bool, bool]:
    named = (scope.model is not None, scope.verifier is not None, scope.kind is not None)
    return sum(named), named[0], named[1]


def scope_words(scope: Scope) -> str:
    """Return a scope as people say it."""
    parts = {"model": scope.model, "verifier": scope.verifier, "kind": scope.kind}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "any run"


def scope_of(row: RowMapping) -> Scope:
    """Return the scope in the columns of `row`."""
    return Scope(kind=row["kind"], model=row["model"], verifier=row["verifier"])


async def save_policy(
    connection: AsyncConnection, document: PolicyDocument, now: datetime
) -> PolicyRecord:
    """Return the record of `document`, new or the one it has already.

    Two that save at once get two versions, or the same one: the loop goes round again when another
    was quicker with the number.

    Raises:
        StoreError: its name cannot be referred to, or it holds a number that JSON has not.
    """
    name = document.name
    if not name or name != name.strip() or not name.isprintable() or "@" in name:
        raise StoreError(f"a policy's name is one line without an @, not {name!r}")
    try:
        written = policy_json(document)
        digest = _hash(written)
    except ValueError as exc:
        raise StoreError(f"policy {name!r} cannot be written as JSON: {exc}") from exc
    table = table_of(Policy)
    same = select(table).where(table.c.name == name, table.c.hash == digest)
    highest = select(func.max(table.c.version)).where(table.c.name == name)
    while (row := (await connection.execute(same)).mappings().one_or_none()) is None:
        new = {
            "id": str(uuid_utils.uuid7()),
            "name": name,
            "version": (await connection.scalar(highest) or 0) + 1,
            "hash": digest,
            "created_at": now,
            "kind": document.scope.kind,
            "model": document.scope.model,
            "verifier": document.scope.verifier,
            "document": written,
        }
        await connection.execute(insert_new(connection, Policy).values(new))
    return _record(row)


async def list_policies(
    connection: AsyncConnection, active: Collection[str | None]
) -> list[PolicySummary]:
    """Return every version, newest first; `active` are the ids of those that serve."""
    table = table_of(Policy)
    query = select(*(table.c[name] for name in _SUMMARY))
    rows = await connection.execute(query.order_by(table.c.created_at.desc(), table.c.id.desc()))
    return [
        PolicySummary(
            id=row["id"],
            name=row["name"],
            version=row["version"],
            hash=row["hash"],
            created_at=row["created_at"],
            scope=scope_of(row),
            active=row["id"] in active,
        )
        for row in rows.mappings()
    ]


async def read_policy(connection: AsyncConnection, reference: str) -> PolicyRecord:
    """Return the policy called `reference`: `name`, `name@3`, or the beginning of an id or a hash.

    Raises:
        StoreError: no policy or several are called so, or it is not what was saved.
    """
    table = table_of(Policy)
    wanted = reference.strip()
    match = _VERSION.fullmatch(wanted)
    query = select(table).where(table.c.name == (match[1] if match else wanted))
    if match:
        query = query.where(table.c.version == int(match[2]))
    query = query.order_by(table.c.version.desc()).limit(1)
    rows = (await connection.execute(query)).mappings().all()
    if not rows and len(wanted) >= SHORTEST:
        prefix = wanted.lower()
        begins = [c.startswith(prefix, autoescape=True) for c in (table.c.id, table.c.hash)]
        query = select(table).where(or_(*begins)).order_by(table.c.id).limit(AMBIGUOUS_SHOWN)
        rows = (await connection.execute(query)).mappings().all()
    if not rows:
        raise NotStored(f"there is no policy {reference!r}")
    if len(rows) > 1:
        names = ", ".join(f"{row['name']}@{row['version']}" for row in rows)
        raise NotStored(f"several policies begin with {reference!r}: {names}")
    return _record(rows[0])


async def read_policies(
    connection: AsyncConnection, ids: Collection[str]
) -> dict[str, PolicyRecord]:
    """Return the policies with these ids, by id.

    Raises:
        StoreError: one is not what was saved.
    """
    table = table_of(Policy)
    rows = await connection.execute(select(table).where(table.c.id.in_(ids)))
    return {row["id"]: _record(row) for row in rows.mappings()}


def _hash(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def _record(row: RowMapping) -> PolicyRecord:
    if _hash(row["document"]) != row["hash"]:
        called = f"{row['name']}@{row['version']}"
        raise StoreError(f"policy {called} is not what was saved: its hash has changed")
    return PolicyRecord(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        hash=row["hash"],
        created_at=row["created_at"],
        document=policy_from(row["document"]),
    )
