"""One HTTP/1.1 connection, as little of it as clients of a model server use.

Requests have a `content-length` or no body; one is answered at a time, those behind it wait. What
cannot be read is answered with 400 and closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 500: b"Internal Server Error"}
_STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Service(Protocol):
    """What answers."""

    def take(self, connection: Connection, method: str, path: str, body: bytes) -> None:
        """Answer a request now or later, by `reply`, or by `open_stream` and `stream`."""
        ...

    def opened(self, connection: Connection) -> None:
        """Know of a connection."""
        ...

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        ...


class Connection(asyncio.Protocol):
    """Reads requests, writes replies."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = b""
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self.on_left: Callable[[], None] | None = None
        """Called once when the client leaves before its reply is whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]  # of a stream server
        self._service.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and say so to what still works for it."""
        self._transport = None
        self._service.closed(self)
        self._left()

    def data_received(self, data: bytes) -> None:
        """Take in bytes."""
        self._buffer = self._buffer + data if self._buffer else data
        if not self._busy:
            self._next()

    def reply(self, status: int, body: bytes, content_type: bytes = b"application/json") -> None:
        """Answer whole."""
        head = (
            b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
            % (status, _REASONS.get(status, b"Error"), content_type, len(body))
        )  # fmt: skip
        self._write(head + body)
        self._done()

    def open_stream(self, first: bytes) -> None:
        """Begin a stream with its first frames, which may be none."""
        self._write(_STREAM + (_chunk(first) if first else b""))

    def stream(self, frames: bytes, *, last: bool = False) -> None:
        """Send frames."""
        self._write(_chunk(frames) + (b"0\r\n\r\n" if last else b""))
        if last:
            self._done()

    def break_off(self, body: bytes | None = None) -> None:
        """Close in the middle: of a plain reply after half of `body`, of a stream here."""
        self.on_left = None
        if body is not None:
            head = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            )
            self._write(head % len(body) + body[: len(body) // 2])
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the line."""
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        try:
            method, target, _ = head[: head.index(b"\r\n")].split(b" ", 2)
            length = _length(head)
        except ValueError:
            self.reply(400, b'{"error":{"message":"cannot be read","code":400}}')
            self.abort()
            return
        if len(self._buffer) < end + 4 + length:
            return
        body = self._buffer[end + 4 : end + 4 + length]
        self._buffer = self._buffer[end + 4 + length :]
        self._busy = True
        path = target.split(b"?", 1)[0].decode("latin-1")
        self._service.take(self, method.decode("latin-1"), path, body)

    def _done(self) -> None:
        self.on_left = None
        self._busy = False
        if self._buffer:
            self._next()

    def _left(self) -> None:
        told, self.on_left = self.on_left, None
        if told is not None:
            told()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in lowered:
            raise ValueError("chunked bodies are not read")
        return 0
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end >= 0 else len(lowered)])


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
