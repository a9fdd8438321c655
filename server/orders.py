"""What a process of the service is told, and what it tells: to whoever started it, or the operator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

Tell = Callable[[str], None]
"""Takes a sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a process is told."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: asyncio.Event = field(default_factory=asyncio.Event)

    def sooner(self) -> None:
        """Begin the end; the second time, hasten it."""
        (self.at_once if self.stop.is_set() else self.stop).set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """The service answers."""

    model: str
    reasons: tuple[str, ...]
    """Why it is not ready yet; empty when it is."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The event loop turns."""
