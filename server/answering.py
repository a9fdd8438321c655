"""Answers one request over HTTP: runs the engine, and lets a teller write what comes as it comes.

Nothing is sent before the first event or failure, so that an early error has its HTTP status; only a
longer silence than the keep-alive interval starts a stream without one. A client that leaves, from a
stream or from a plain request, cancels the run. What is written is the teller's matter alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..nodes.events import Event
from ..nodes.state import Answer
from .engine import Ask, Engine
from .errors import TRACE_HEADER, Refusal, refusal_of
from .live import Live, follow
from .try_later import TryLater

log = logging.getLogger(__name__)
KEEP_ALIVE = b": keep-alive\n\n"


class Teller(Protocol):
    """Writes one run. Each method but `whole` returns the bytes of the stream that are due now."""

    def begin(self) -> bytes:
        """Return what a stream starts with."""
        ...

    def feed(self, event: Event) -> bytes:
        """Take what happened."""
        ...

    def end(self, answer: Answer) -> bytes:
        """Return what a stream ends with."""
        ...

    def fail(self, refusal: Refusal) -> bytes:
        """Return what a stream ends with when the run failed; `end` may have failed before it."""
        ...

    def whole(self, answer: Answer) -> bytes:
        """Return the JSON of a reply that is not streamed, once every event was fed."""
        ...


Tell = Callable[[str, bool], Teller]
"""Makes the teller of a run from its trace id and from whether it thinks before it answers."""


class Answering(Response):
    """The reply to one request; the run begins when it is sent."""

    def __init__(self, engine: Engine, ask: Ask, tell: Tell, *, keep_alive_s: float) -> None:
        self.background = None
        self._engine = engine
        self._ask = ask
        self._tell = tell
        self._keep_alive_s = keep_alive_s
        self._streaming: Teller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop at once when the client leaves."""
        answering = asyncio.create_task(self._answer(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled():
            answering.result()

    async def _answer(self, send: Send) -> None:
        async with follow(self._engine, self._ask) as live:
            try:
                await (self._stream(live, send) if self._ask.live else self._plain(live, send))
            except Exception as error:  # the outermost handler of a run
                refusal = refusal_of(error)
                if refusal.status == 500:
                    log.exception("run %s failed", live.trace_id)
                if self._streaming is not None:
                    await _send_body(send, self._streaming.fail(refusal), last=True)
                else:
                    await _refuse(send, refusal, live.trace_id)

    async def _plain(self, live: Live, send: Send) -> None:
        trace_id = await live.opened()
        teller = self._tell(trace_id, live.thinks)
        while not isinstance(moment := await live.next(), Answer):
            if moment is not None:
                teller.feed(moment)
        data = teller.whole(moment)
        await _send_start(send, 200, _plain_headers(data) | {TRACE_HEADER: trace_id})
        await _send_body(send, data, last=True)

    async def _stream(self, live: Live, send: Send) -> None:
        trace_id = await live.opened()
        teller = self._tell(trace_id, live.thinks)
        moment = await live.next(self._keep_alive_s)
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            "x-accel-buffering": "no",
            TRACE_HEADER: trace_id,
        }
        self._streaming = teller
        await _send_start(send, 200, headers)
        await _send_body(send, teller.begin())
        while not isinstance(moment, Answer):
            data = KEEP_ALIVE if moment is None else teller.feed(moment)
            if data:
                await _send_body(send, data)
            moment = await live.next(self._keep_alive_s)
        await _send_body(send, teller.end(moment), last=True)


async def _refuse(send: Send, refusal: Refusal, trace_id: str | None) -> None:
    """Send the error of a run. OpenAI's clients repeat a 5xx by themselves, and would spend a
    whole run again each time: the header, which they obey, tells them not to. A run that was not
    begun, for want of room, costs nothing to ask for again."""
    data = json.dumps(refusal.body(), ensure_ascii=False).encode()
    headers = _plain_headers(data) | {"x-should-retry": "false"}
    if isinstance(refusal, TryLater):
        headers |= refusal.headers
    if trace_id is not None:
        headers[TRACE_HEADER] = trace_id
    await _send_start(send, refusal.status, headers)
    await _send_body(send, data, last=True)


def _plain_headers(data: bytes) -> dict[str, str]:
    return {"content-type": "application/json", "content-length": str(len(data))}


async def _send_start(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _send_body(send: Send, data: bytes, *, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": not last})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
