"""How a process that serves runs: on uvloop where it is installed, with a garbage collector that knows
what stays.

The libraries of this package leave some hundred thousand objects that live as long as the process. Each
full collection would walk through all of them, in the middle of somebody's request.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:  # Windows
    _new_loop = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

T = TypeVar("T")
THRESHOLDS = (20_000, 20, 20)
"""Objects until a collection of the young ones, and collections until one of the next generation."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)


def settle() -> None:
    """Take everything that is there now out of all later collections: called once, after the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
