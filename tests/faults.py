"""What can go wrong between a client and a server, made to happen on purpose.

A `Fault` changes how one reply is sent. Nothing here sleeps: what is slow waits for a `Gate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from starlette.types import Send

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
WRONG_SHAPE = b'{"object": "list", "answers": 42, "choices": {"no": "list"}, "data": "none"}'
TRUNCATED = b'{"id": "cmpl-1", "object": "text_completion", "choices": [{"ind'


class Gate:
    """Closed until the test opens it, from any thread or loop."""

    def __init__(self) -> None:
        self._reached: Future[None] = Future()
        self._opened: Future[None] = Future()

    def open(self) -> None:
        """Let everybody through, now and later."""
        if not self._opened.done():
            self._opened.set_result(None)

    async def reached(self, timeout_s: float = 60.0) -> None:
        """Wait until somebody stands at the gate."""
        await asyncio.wait_for(_shared(self._reached), timeout_s)

    async def passage(self) -> None:
        """Wait until the gate is open."""
        if not self._reached.done():
            self._reached.set_result(None)
        await _shared(self._opened)


async def _shared(future: Future[None]) -> None:
    await asyncio.shield(asyncio.wrap_future(future))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server would send: one frame, or several when it streams."""

    frames: tuple[bytes, ...]
    status: int = 200
    content_type: str = "application/json"

    @property
    def streamed(self) -> bool:
        """Whether the frames are server-sent events."""
        return self.content_type == "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """An error status, without the work being done."""

    status: int = 500
    body: bytes = (
        b'{"error":{"message":"EngineCore encountered an issue.",'
        b'"type":"InternalServerError","param":null,"code":500}}'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Garble:
    """Something that is not the protocol, after `after` good frames of a stream."""

    body: bytes = HTML
    content_type: str = "text/html"
    after: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Slow: waits for `gate` once `after` frames are out (0: before anything is sent)."""

    gate: Gate = field(default_factory=Gate)
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Closes the connection after `after` frames of a stream, or inside a plain body (0: before)."""

    after: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Die:
    """Takes the whole server down after `after` frames, or inside a plain body (0: before)."""

    after: int = 0


Fault = Refuse | Garble | Hold | Cut | Die


async def send_reply(
    reply: Reply, faults: Sequence[Fault], send: Send, kill: Callable[[], None]
) -> None:
    """Send `reply` with `faults`; returning without the last frame closes the connection."""
    for fault in faults:
        if isinstance(fault, Refuse):
            reply = Reply(frames=(fault.body,), status=fault.status)
        elif isinstance(fault, Garble):
            kept = reply.frames[: fault.after] if reply.streamed else ()
            kind = reply.content_type if kept else fault.content_type
            reply = Reply(frames=(*kept, fault.body), content_type=kind)
    headers = [(b"content-type", reply.content_type.encode())]
    if not reply.streamed:
        headers.append((b"content-length", str(sum(map(len, reply.frames))).encode()))
    for position in range(len(reply.frames) + 1):
        for fault in faults:
            if isinstance(fault, Hold) and fault.after == position:
                await fault.gate.passage()
            elif isinstance(fault, Die) and fault.after == position:
                kill()
                await asyncio.get_running_loop().create_future()  # until the abort is noticed
        if position == 0:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if any(isinstance(f, Cut) and min(f.after, len(reply.frames)) == position for f in faults):
            return
        if position < len(reply.frames):
            frame = reply.frames[position]
            if not reply.streamed and any(isinstance(fault, Cut | Die) for fault in faults):
                frame = frame[: len(frame) // 2]
            await send({"type": "http.response.body", "body": frame, "more_body": True})
            await asyncio.sleep(0)  # a checkpoint, so that a client that left is noticed
    await send({"type": "http.response.body", "body": b"", "more_body": False})
