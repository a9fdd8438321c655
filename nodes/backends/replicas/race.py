"""One request asked of up to three servers: the first that answers counts, the others are given up.

Text that is told while it arrives can come from one of them only: the first that has any keeps the
floor, and the others are given up then. What the losers had spent is told as abandoned.
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
"""Makes the first (0), second (1) or third (2) request."""
MOST = 3
"""Two may have the same bad luck; the third is asked when they have."""
LOOK_AGAIN_S = 1.0
"""How often it is looked again whether one more may be asked."""


class Floor:
    """Lets one of several tell its text."""

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
    start: Start[R],
    floor: Floor,
    *,
    patience_s: Callable[[], float | None],
    may_ask: Callable[[], bool],
) -> R:
    """Return what `start(0)` gives, or, where that takes longer than the patience and one more may be
    asked, what comes first.

    `patience_s` may be None as long as nobody knows it, and is asked again and again.

    Raises:
        BackendError: all that were asked failed.
    """
    clock = asyncio.get_running_loop().time
    began, tasks = clock(), [asyncio.create_task(start(0))]
    speaking: asyncio.Task[None] | None = None
    won: asyncio.Task[R] | None = None
    try:
        while (won := _winner(tasks, floor)) is None:
            wait_s = None
            if len(tasks) < MOST:
                due_s = _due_s(patience_s(), len(tasks), clock() - began)
                if due_s is not None and due_s <= 0 and may_ask():
                    tasks.append(asyncio.create_task(start(len(tasks))))
                    speaking = speaking or asyncio.create_task(floor.taken())
                    continue
                wait_s = min(due_s, LOOK_AGAIN_S) if due_s and due_s > 0 else LOOK_AGAIN_S
            pending = {task for task in (*tasks, speaking) if task and not task.done()}
            await asyncio.wait(pending, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        return await won
    finally:
        if speaking is not None:
            speaking.cancel()
        await _give_up([task for task in tasks if task is not won or not task.done()])


def _due_s(patience_s: float | None, asked: int, elapsed_s: float) -> float | None:
    """Return when the next is due: the second after the patience, the third after half of it more."""
    return None if patience_s is None else patience_s * (2 - 0.5 ** (asked - 1)) - elapsed_s


def _winner(tasks: Sequence[asyncio.Task[R]], floor: Floor) -> asyncio.Task[R] | None:
    """Return the task that counts: the one with the floor, else the first with a result, else, once all
    have failed, the last; None while there is none."""
    if floor.holder is not None:
        return tasks[floor.holder]
    done = [task for task in tasks if task.done()]
    for task in done:
        if not isinstance(task.exception(), BackendError):
            return task
    return tasks[-1] if len(done) == len(tasks) else None


async def _give_up(tasks: Sequence[asyncio.Task[R]]) -> None:
    """Cancel what nobody waits for any more, and count what had come all the same."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(ended, BaseException):
            tell_abandoned(ended.usage)
