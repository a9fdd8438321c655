"""What commands on the trace database share: one use of it, and JSON of what it holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from ...storage.store import Store
from .failing import one_sentence

T = TypeVar("T")


def with_store(database: str | None, use: Callable[[Store], Awaitable[T]]) -> T:
    """Return what `use` finds in the database; an error of ours ends the command in one sentence."""

    async def run() -> T:
        store = await Store.open(database)
        try:
            return await use(store)
        finally:
            await store.close()

    with one_sentence():
        return asyncio.run(run())


def as_text(value: object) -> str:
    """Return rows as JSON; times are ISO 8601."""

    def moment(other: object) -> str:
        if isinstance(other, datetime):
            return other.isoformat()
        raise TypeError(f"not JSON: {other!r}")

    return json.dumps(value, default=moment, ensure_ascii=False, indent=2)
