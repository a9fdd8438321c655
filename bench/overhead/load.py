"""A load client that costs little itself: raw sockets, ready-made requests, one connection a worker.

Each of `at_once` workers sends its next request as soon as the reply to the last one is whole. Replies
are read by their length, by chunks, or to the end of the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """What came for one request."""

    number: int
    """Its place among the requests."""
    status: int
    body: bytes
    seconds: float
    first_byte_s: float


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What a run of requests gave."""

    replies: list[Replied] = field(default_factory=list)
    seconds: float = 0.0
    """From the first request to the last reply."""
    broken: int = 0
    """Requests whose connection ended without a reply."""


def request(port: int, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """Return the bytes of a POST of JSON."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"{more}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(
    port: int,
    requests: Sequence[bytes],
    *,
    at_once: int,
    timeout_s: float = 120.0,
    on_reply: Callable[[Replied], None] | None = None,
) -> Loaded:
    """Send all `requests`, at most `at_once` at a time; `on_reply` takes replies instead of the list."""
    loaded = Loaded()
    left = iter(enumerate(requests))
    take = on_reply or loaded.replies.append

    async def work() -> None:
        line: _Line | None = None
        for number, data in left:
            started = time.perf_counter()
            for fresh in (False, True):  # a kept connection may have been closed meanwhile
                if line is None or line.closed or fresh:
                    line = await _open(port)
                try:
                    async with asyncio.timeout(timeout_s):
                        status, body, first = await line.ask(data)
                except ConnectionError:
                    line.close()
                    continue
                except TimeoutError:
                    line.close()
                    loaded.broken += 1
                    break
                ended = time.perf_counter()
                take(
                    Replied(
                        number=number,
                        status=status,
                        body=body,
                        seconds=ended - started,
                        first_byte_s=first - started,
                    )
                )
                break
            else:
                loaded.broken += 1
        if line is not None:
            line.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(min(at_once, len(requests)))))
    loaded.seconds = time.perf_counter() - began
    return loaded


async def _open(port: int) -> _Line:
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(_Line, "127.0.0.1", port)
    return line


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes, float]] | None = None
        self._first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream connection

    def ask(self, data: bytes) -> asyncio.Future[tuple[int, bytes, float]]:
        """Send a request; the future has status, body and when the first byte came."""
        self._buffer.clear()
        self._first = 0.0
        self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._waiting.set_exception(ConnectionResetError("closed"))
        else:
            self._transport.write(data)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter()
        self._buffer += data
        self._check(ended=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._waiting is not None and not self._waiting.done():
            self._check(ended=True)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("closed without a reply"))

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def _check(self, *, ended: bool) -> None:
        """Hand the reply over once it is whole."""
        at = self._buffer.find(b"\r\n\r\n")
        if at < 0 or self._waiting is None or self._waiting.done():
            return
        head, body = bytes(self._buffer[:at]).lower(), self._buffer[at + 4 :]
        if b"\r\ntransfer-encoding: chunked" in head:
            if not body.endswith(b"0\r\n\r\n"):
                return
            whole = _unchunked(bytes(body))
        elif (place := head.find(b"\r\ncontent-length:")) >= 0:
            end = head.find(b"\r\n", place + 2)
            if len(body) < int(head[place + 17 : end if end >= 0 else len(head)]):
                return
            whole = bytes(body)
        elif ended:
            whole = bytes(body)
        else:
            return
        self._waiting.set_result((int(head[9:12]), whole, self._first))
        if b"\r\nconnection: close" in head:
            self.close()


def _unchunked(data: bytes) -> bytes:
    parts = []
    at = 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(data[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
