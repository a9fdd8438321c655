"""Files and folders that are either whole or absent.

Invariant: the final name appears by one rename of finished work. What an interrupted run leaves is
a sibling with a name of its own, never the final one, and the next run removes it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".unfinished-"


@contextmanager
def making(target: Path) -> Iterator[Path]:
    """Yield a path inside a fresh folder beside `target`; on success it is renamed to `target`.

    Two runs must not make the same target at once: leftovers of an earlier run are removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{target.name}-", dir=target.parent))
    try:
        work = folder / target.name
        yield work
        work.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(target: Path) -> None:
    """Remove what interrupted attempts at `target` left beside it."""
    for leftover in target.parent.glob(f"{PREFIX}{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
