"""One request asked of up to two servers: the first that answers counts, the other is given up.

Text that is told while it arrives can come from one of them only: the first that has any keeps the
floor, and the other one is given up then. What the loser had spent is told as abandoned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from ...errors import BackendError
from ...values import Usage
from ..abandoned import tell_abandoned
from ..base import OnText


class Result(Protocol):
    """What any request gives."""

    @property
    def usage(self) -> Usage:
        """What was spent on it."""
        ...


R = TypeVar("R", bound=Result)
Start = Callable[[int], Coroutine[Any, Any, R]]
"""Makes the first (0) or the second (1) request."""


class Floor:
    """Lets one of two tell its text."""

    def __init__(self, on_text: OnText | None = None) -> None:
        self._on_text = on_text
        self._taken = asyncio.Event()
        self.holder: int | None = None
        """Whose text is told; None while none has come."""

    def voice(self, who: int) -> OnText | None:
        """Return the listener of one of them; None where nobody listens at all."""
        tell = self._on_text
        if tell is None:
            return None

        def say(prompt: int, sample: int, text: str) -> None:
            if self.holder is None:
                self.holder = who
                self._taken.set()
            if self.holder == who:
                tell(prompt, sample, text)

        return say

    async def taken(self) -> None:
        """Wait until one of them has told any text."""
        await self._taken.wait()


async def raced(
    start: Start[R], floor: Floor, *, after_s: float | None, may_double: Callable[[], bool]
) -> R:
    """Return what `start(0)` gives, or, where that takes longer than `after_s` and it may be doubled,
    what comes first.

    Raises:
        BackendError: the only one failed, or both did.
    """
    tasks = [asyncio.create_task(start(0))]
    won: asyncio.Task[R] | None = None
    try:
        await asyncio.wait(tasks, timeout=after_s)
        if tasks[0].done() or floor.holder is not None or not may_double():
            won = tasks[0]
            return await won
        tasks.append(asyncio.create_task(start(1)))
        won = await _first(tasks, floor)
        return await won
    finally:
        await _give_up([task for task in tasks if task is not won or not task.done()])


async def _first(tasks: Sequence[asyncio.Task[R]], floor: Floor) -> asyncio.Task[R]:
    """Return the task that counts: the one with the floor, else the first with a result, else the
    last to fail."""
    left = list(tasks)
    speaking = asyncio.create_task(floor.taken())
    try:
        while len(left) > 1 and floor.holder is None:
            await asyncio.wait({*left, speaking}, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in left if task.done()]:
                if not isinstance(task.exception(), BackendError):
                    return task
                if len(left) > 1:
                    left.remove(task)
    finally:
        speaking.cancel()
    return left[0] if floor.holder is None else tasks[floor.holder]


async def _give_up(tasks: Sequence[asyncio.Task[R]]) -> None:
    """Cancel what nobody waits for any more, and count what had come all the same."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(ended, BaseException):
            tell_abandoned(ended.usage)
