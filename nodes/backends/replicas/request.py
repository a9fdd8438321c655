"""What is asked of a group of servers, and what a run remembers of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..base import OnText
from .race import R

T = TypeVar("T")


@dataclass(slots=True)
class Home:
    """Where a run's prefix is cached. Each run has its own."""

    place: int | None = None
    """Of the server, counted by the addresses; None before the first request."""


def _anything(_: object) -> bool:
    return True


def _nothing(_: object) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T, R]):
    """One request, for whichever server it goes to."""

    ask: Callable[[T, float | None, OnText | None], Awaitable[R]]
    """Asks a server: with the seconds left, and the listener."""
    weight: int = 1
    """Sequences it is made of."""
    kind: Hashable = None
    """Requests of a kind take about as long."""
    able: Callable[[T], bool] = _anything
    """Whether a server can do it."""
    fault: Callable[[R], str | None] = _nothing
    """Why some of a result is missing."""
    on_text: OnText | None = None
    timeout_s: float | None = None
