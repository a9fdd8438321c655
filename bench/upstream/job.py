"""One request that samples: from its arrival until its reply is whole, or its client has left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from . import engine
from .bank import Drawn
from .connection import Connection
from .counters import Counters
from .wire import Form, Wire, usage_json

Done = Callable[[], None]


class Job:
    """Samples on their way to one client."""

    def __init__(
        self,
        connection: Connection,
        wire: Wire,
        counters: Counters,
        form: Form,
        drawn: Sequence[Drawn | None],
        *,
        prompt: int,
        cached: int,
        piece: int,
        stream: bool,
        include_usage: bool,
        cuts: bool,
        on_done: Done,
    ) -> None:
        self._connection = connection
        self._wire = wire
        self._counters = counters
        self._form = form
        self._drawn = drawn
        self._prompt = prompt
        self._cached = cached
        self._piece = piece
        self._stream = stream
        self._include_usage = include_usage
        self._cuts = cuts
        self._on_done = on_done
        self._left_to_go = len(drawn)
        self._engine: engine.Engine | None = None
        self._sequences: list[engine.Sequence] = []
        self._over = False

    def at_once(self) -> None:
        """Answer now."""
        self._begin()
        if self._stream:
            pieces = [
                (number, index, one)
                for index, one in enumerate(self._drawn)
                if one is not None
                for number in range(-(-one.n_tokens // self._piece))
            ]
            pieces.sort(key=lambda item: item[:2])  # a frame of every sample in turn, as batches do
            if self._cuts:
                pieces = pieces[: len(pieces) // 2]
            frame = partial(self._wire.frame, self._form)
            self._connection.stream(
                b"".join(frame(one, index, self._piece, number) for number, index, one in pieces)
                or b": none\n\n"
            )
        for one in self._drawn:
            self._counters.completion_tokens += one.n_tokens if one else 0
        self._end()

    def run(self, on: engine.Engine) -> None:
        """Answer as the engine gets on."""
        self._engine = on
        self._begin()
        self._connection.on_left = self._leave
        on.prefill(self._prompt - self._cached)
        for index, one in enumerate(self._drawn):
            length = one.n_tokens if one is not None else 1
            piece = self._piece if self._stream else length
            self._sequences.append(engine.Sequence(length, piece, partial(self._came, index)))
        for sequence in self._sequences:
            on.add(sequence)

    def _begin(self) -> None:
        if self._stream:
            self._connection.open_stream(self._wire.opening(self._form, len(self._drawn)))

    def _came(self, index: int, tokens: int) -> None:
        one, sequence = self._drawn[index], self._sequences[index]
        self._counters.completion_tokens += tokens - sequence.shown if one else 0
        number = -(-tokens // self._piece) - 1
        sequence.shown = tokens
        if self._over:
            return
        if self._stream and one is not None:
            frame = self._wire.frame(self._form, one, index, self._piece, number)
            self._connection.stream(frame)
            if self._cuts and tokens * 2 >= one.n_tokens:
                self._drop()
                self._counters.cut_tokens += sum(sequence.shown for sequence in self._sequences)
                self._finish()
                self._connection.break_off()
                return
        if tokens >= sequence.length:
            self._left_to_go -= 1
            if not self._left_to_go:
                self._end()

    def _leave(self) -> None:
        """Stop working for a client that is gone."""
        self._counters.left += 1
        for sequence in self._sequences:
            self._counters.left_tokens += sequence.shown
        self._counters.left_tokens += self._drop()
        self._finish()

    def _drop(self) -> int:
        """Take what runs out of the engine; return the tokens that nobody had been told of."""
        untold = 0
        self._over = True
        for sequence, one in zip(self._sequences, self._drawn, strict=True):
            if self._engine is not None and sequence.shown < sequence.length:
                got = self._engine.drop(sequence) - sequence.shown
                untold += got if one else 0
        self._counters.completion_tokens += untold
        return untold

    def _end(self) -> None:
        made = sum(one.n_tokens for one in self._drawn if one is not None)
        usage = usage_json(self._prompt, self._cached, made)
        self._finish()
        if self._cuts:
            self._counters.cut_tokens += made
        if self._stream:
            if self._cuts:
                self._connection.break_off()
                return
            told = usage if self._include_usage else None
            self._connection.stream(self._wire.last(self._form, told), last=True)
            return
        body = self._wire.reply(self._form, self._drawn, usage)
        if self._cuts:
            self._connection.break_off(body)
        else:
            self._connection.reply(200, body)

    def _finish(self) -> None:
        self._over = True
        self._on_done()
