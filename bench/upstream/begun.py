"""Beginnings of recorded samples that were handed out: each goes on once, as the sample it was cut from."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from .bank import Asked, Drawn


class Begun:
    """What was cut at a stop and may go on."""

    def __init__(self) -> None:
        self._whole: defaultdict[tuple[int, str], deque[Drawn]] = defaultdict(deque)

    def keep(self, asked: Asked, whole: Sequence[Drawn], cut: Sequence[Drawn]) -> None:
        """Remember the samples of which a request got the beginnings `cut`."""
        for one, beginning in zip(whole, cut, strict=True):
            if beginning.stop_reason is not None:
                self._whole[asked.number, beginning.text].append(one)

    def rest(self, asked: Asked, begun: str) -> Drawn:
        """Return how a beginning goes on; the first that was cut like this goes first.

        Raises:
            ValueError: none was, or all of them have gone on.
        """
        waiting = self._whole[asked.number, begun]
        if not waiting:
            raise ValueError("no beginning like this waits to go on")
        whole = waiting.popleft()
        before = round(whole.n_tokens * len(begun) / len(whole.text))
        rest = whole.text[len(begun) :]
        return replace(whole, text=rest, n_tokens=max(1, whole.n_tokens - before))

    def clear(self) -> None:
        """Forget them all."""
        self._whole.clear()
