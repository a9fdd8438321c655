"""Continuous batching as a clock.

Every running sequence gets one token a step, and a step takes `step_s` and `per_sequence_s` more for
each of them; uncached prompt tokens stop all of them for `prefill_s` each, as a prefill in the batch
does. Sequences beyond `max_sequences` wait in their order. Instead of doing steps one by one, the
engine keeps how many tokens a sequence that runs all the time would have (`_clock`) and sleeps until
the next thing that somebody waits for; so its own cost grows with replies and frames, not with tokens.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

OnTokens = Callable[[int], None]
"""Called with how many tokens of the sequence there are by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds."""

    latency_s: float = 0.0
    """From a request's arrival until it is in the batch."""
    step_s: float = 0.0
    per_sequence_s: float = 0.0
    prefill_s: float = 0.0
    """A prompt token."""
    max_sequences: int = 256

    @property
    def batches_nothing(self) -> bool:
        """Whether a request is whole as soon as it is in the batch."""
        return not (self.step_s or self.per_sequence_s or self.prefill_s)


class Sequence:
    """One sample on its way."""

    __slots__ = ("_start", "done", "length", "on_tokens", "piece", "shown", "state")

    def __init__(self, length: int, piece: int, on_tokens: OnTokens) -> None:
        self.length = length
        self.piece = piece
        """Tell every so many tokens; the length itself tells the end alone."""
        self.on_tokens = on_tokens
        self.done = 0
        """Tokens at the last telling."""
        self.shown = 0
        self.state = "waiting"
        self._start = 0.0


class Engine:
    """One GPU, so to say."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._loop = asyncio.get_running_loop()
        self._clock = 0.0
        self._at = self._loop.time()
        self._stalled_until = 0.0
        self._running = 0
        self._waiting: deque[Sequence] = deque()
        self._due: list[tuple[float, int, Sequence]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    @property
    def running(self) -> int:
        """Sequences in the batch."""
        return self._running

    @property
    def waiting(self) -> int:
        """Sequences that have no place in it yet."""
        return len(self._waiting)

    def prefill(self, tokens: int) -> None:
        """Read so many prompt tokens, while everything else stands still."""
        if self.cost.prefill_s and tokens:
            self._advance()
            start = max(self._stalled_until, self._loop.time())
            self._stalled_until = start + tokens * self.cost.prefill_s
            self._arm()

    def add(self, sequence: Sequence) -> None:
        """Run a sequence as soon as there is a place."""
        self._advance()
        self._waiting.append(sequence)
        self._admit()
        self._arm()

    def drop(self, sequence: Sequence) -> int:
        """Take a sequence out; return how many tokens it got to."""
        self._advance()
        if sequence.state == "waiting":
            self._waiting.remove(sequence)
            got = 0
        elif sequence.state == "running":
            self._running -= 1
            got = min(sequence.length, int(self._clock - sequence._start))
        else:
            return sequence.length
        sequence.state = "dropped"
        self._admit()
        self._arm()
        return got

    def _admit(self, at: float | None = None) -> None:
        """Fill the batch, at the clock or at the time `at` when a place became free."""
        while self._waiting and self._running < self.cost.max_sequences:
            sequence = self._waiting.popleft()
            sequence.state = "running"
            sequence._start = self._clock if at is None else at
            self._running += 1
            self._push(sequence)

    def _push(self, sequence: Sequence) -> None:
        due = sequence._start + min(sequence.length, sequence.done + sequence.piece)
        heapq.heappush(self._due, (due, next(self._order), sequence))

    def _step(self) -> float:
        return max(self.cost.step_s + self.cost.per_sequence_s * self._running, 1e-9)

    def _advance(self) -> None:
        now = self._loop.time()
        begun = max(self._at, min(self._stalled_until, now))
        self._clock += (now - begun) / self._step()
        self._at = now

    def _arm(self) -> None:
        """Wake up when the next thing is due; a timer that is too early is left to fire."""
        while self._due and self._due[0][2].state != "running":
            heapq.heappop(self._due)
        if not self._due:
            return
        now = self._loop.time()
        wait = max(0.0, self._due[0][0] - self._clock) * self._step()
        at = max(now, self._stalled_until) + wait
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._advance()
        slack = self._clock + 1e-6
        while self._due and self._due[0][0] <= slack:
            due, _, sequence = heapq.heappop(self._due)
            if sequence.state != "running":
                continue
            sequence.done = min(sequence.length, sequence.done + sequence.piece)
            if sequence.done >= sequence.length:
                sequence.state = "finished"
                self._running -= 1
                self._admit(due)  # the timer may be late, the clock is not
            else:
                self._push(sequence)
            sequence.on_tokens(sequence.done)
        self._arm()
