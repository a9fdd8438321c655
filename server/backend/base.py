"""The seams of setting up model servers: what is done outside this process, and who is told.

Everything here is handed in, so that the tests run without pip, vLLM or a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Report(Protocol):
    """Where a user sees what is going on."""

    def say(self, line: str) -> None:
        """Show one finished line."""
        ...

    def progress(self, label: str, done: float, total: float | None, detail: str = "") -> None:
        """Show how far `label` is: `done` of `total` in any unit, or seconds so far without a total."""
        ...

    def finish(self, label: str) -> None:
        """Take the progress of `label` off the screen; unknown labels are ignored."""
        ...


class RunCommand(Protocol):
    """Runs a program to its end."""

    async def __call__(
        self, argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        """Return the exit status; output is appended to `log`, `environment` added to our own."""
        ...
