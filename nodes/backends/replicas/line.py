"""Requests that wait for room, first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque


class Line:
    """Woken one by one: whoever is woken looks for room, and wakes the next when there was some."""

    def __init__(self) -> None:
        self._turns: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._turns)

    async def wait(self, seconds: float | None, *, ahead: bool = False) -> None:
        """Wait to be woken; `ahead` goes to the head of the line.

        Raises:
            TimeoutError: nobody did within `seconds`.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._turns.appendleft if ahead else self._turns.append)(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            if turn in self._turns:
                self._turns.remove(turn)
            else:  # it was woken, and leaves all the same
                self.wake()
            raise

    def wake(self) -> None:
        """Wake the first."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
