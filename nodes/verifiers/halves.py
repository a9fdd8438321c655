"""Asks a server about many things in one request; one that it refuses does not take the others along.

A request that is refused for what it holds is cut in two, until what is refused stands alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import BackendRejected, PromptTooLong
from ..values import Usage

Item = TypeVar("Item")
Row = TypeVar("Row")
_ABOUT_THE_INPUT = (400, 413, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[Row]):
    """What came for some things."""

    rows: tuple[Row | BackendRejected, ...]
    """One a thing, in their order; the refusal where the server does not take it."""
    usage: Usage
    """Refused requests count as calls."""


Ask = Callable[[Sequence[Item]], Awaitable[Rows[Row]]]


async def in_halves(ask: Ask[Item, Row], items: Sequence[Item]) -> Rows[Row]:
    """Return what `ask` gives for `items`, at least one, cut in two where it is refused.

    Raises:
        BackendError: the server could not be used, or refuses whatever it is asked.
    """
    try:
        return await ask(items)
    except BackendRejected as exc:
        if not is_about_the_input(exc):
            raise
        refused = Usage(calls=1)
        if len(items) == 1:
            return Rows(rows=(exc,), usage=refused)
    middle = len(items) // 2
    one, other = await asyncio.gather(
        in_halves(ask, items[:middle]), in_halves(ask, items[middle:])
    )
    return Rows(rows=one.rows + other.rows, usage=refused + one.usage + other.usage)


def is_about_the_input(exc: BackendRejected) -> bool:
    """Say whether the server may take something else instead."""
    return isinstance(exc, PromptTooLong) or status_of(exc) in _ABOUT_THE_INPUT


def status_of(exc: BackendRejected) -> int | None:
    """Return the HTTP status of a refusal."""
    return getattr(exc.__cause__, "status_code", None)
