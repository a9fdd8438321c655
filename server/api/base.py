"""The seam between the Python face and where the thinking happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from .asked import Asked
from .thought import ThoughtEvent


class Mind(Protocol):
    """Thinks. Implementations: `local.py`, `remote.py`."""

    def events(self, asked: Asked, *, live: bool) -> AsyncGenerator[ThoughtEvent]:
        """Think, and yield what happens, the `Thought` last; closing it early cancels the run.

        Args:
            asked: The question.
            live: Somebody reads the text while it is sampled. Without, there may be the end alone.

        Raises:
            ForethoughtError: there is no answer.
        """
        ...
