"""Answers one chat request over HTTP: runs the engine, and writes what comes as it comes.

Nothing is sent before the first event or failure, so that an early error has its HTTP status; only a
longer silence than the keep-alive interval starts a stream without one. A client that leaves, from a
stream or from a plain request, cancels the run.
"""

from __future__ import annotations

import asyncio
import logging

from fastapi.responses import JSONResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...nodes.events import TextArrived
from ...nodes.state import Answer
from ..asking import question_of
from ..engine import Ask, Engine
from ..errors import TRACE_HEADER, Refusal, refusal_of
from ..narrate import Narrator
from ..noted import Noted
from .choices import Choice, Choices
from .direct import DirectText
from .live import Live, Moment, follow
from .reply import DONE, KEEP_ALIVE, Reply, sse

log = logging.getLogger(__name__)


class Answering(Response):
    """The reply to one chat request; the run begins when it is sent."""

    def __init__(
        self,
        engine: Engine,
        ask: Ask,
        *,
        model: str,
        include_usage: bool,
        keep_alive_s: float,
    ) -> None:
        self.background = None
        self._engine = engine
        self._ask = ask
        self._model = model
        self._include_usage = include_usage
        self._keep_alive_s = keep_alive_s
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop at once when the client leaves."""
        answering = asyncio.create_task(self._answer(scope, receive, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled():
            answering.result()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with follow(self._engine, self._ask) as live:
            try:
                if self._ask.live:
                    await self._stream(live, send)
                else:
                    await self._plain(live, scope, receive, send)
            except Exception as error:  # the outermost handler of a run
                refusal = refusal_of(error)
                if refusal.status == 500:
                    log.exception("run %s failed", live.trace_id)
                if self._started:
                    await _send_body(send, sse(refusal.body()) + DONE, last=True)
                else:
                    reply = _refused(refusal, live.trace_id)
                    await reply(scope, receive, send)

    async def _plain(self, live: Live, scope: Scope, receive: Receive, send: Send) -> None:
        writer = self._writer(await live.opened())
        narrator, choices = Narrator(), Choices()
        thinking: list[str] = []
        while not isinstance(moment := await live.next(), Answer):
            if moment is not None:
                writer.note(moment)
                choices.note(moment)
                thinking.append(narrator.feed(moment))
        told = "".join(thinking).strip() if live.thinks else ""
        best = self._best(choices, moment, writer)
        headers = {TRACE_HEADER: writer.noted.trace_id}
        reply = JSONResponse(writer.whole(moment, best, told), headers=headers)
        await reply(scope, receive, send)

    async def _stream(self, live: Live, send: Send) -> None:
        writer = self._writer(await live.opened())
        moment = await live.next(self._keep_alive_s)
        await self._start(send, writer.noted.trace_id)
        await _send_body(send, writer.role_chunk())
        narrator = Narrator() if live.thinks else None
        direct, choices = DirectText(), Choices()
        while not isinstance(moment, Answer):
            if moment is not None:
                choices.note(moment)
            await self._tell(send, writer, narrator, direct, moment)
            moment = await live.next(self._keep_alive_s)
        for index, choice in enumerate(self._best(choices, moment, writer)):
            if index > 0:
                await _send_body(send, writer.role_chunk(index))
            if rest := choice.text if index > 0 else direct.rest(choice.text):
                await _send_body(send, writer.content_chunk(rest, index))
            if choice.tool_calls:
                await _send_body(send, writer.call_chunks(choice.tool_calls, index))
            await _send_body(send, writer.finish_chunk(moment, choice, index))
        if self._include_usage:
            await _send_body(send, writer.usage_chunk(moment))
        await _send_body(send, DONE, last=True)

    async def _tell(
        self,
        send: Send,
        writer: Reply,
        narrator: Narrator | None,
        direct: DirectText,
        moment: Moment,
    ) -> None:
        """Send what a moment of a stream has to say, if anything."""
        if moment is None:
            await _send_body(send, KEEP_ALIVE)
            return
        if isinstance(moment, Answer):
            return
        writer.note(moment)
        if narrator is not None:
            if text := narrator.feed(moment):
                await _send_body(send, writer.thinking_chunk(text))
        elif isinstance(moment, TextArrived) and (text := direct.feed(moment)):
            await _send_body(send, writer.content_chunk(text))

    def _best(self, choices: Choices, answer: Answer, writer: Reply) -> list[Choice]:
        return choices.best(answer, question_of(self._ask), self._ask.n, writer.noted.trace_id)

    def _writer(self, trace_id: str) -> Reply:
        noted = Noted(trace_id=trace_id, effort=self._ask.effort)
        return Reply(noted=noted, model=self._model)

    async def _start(self, send: Send, trace_id: str) -> None:
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            "x-accel-buffering": "no",
            TRACE_HEADER.lower(): trace_id,
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._started = True
        await send({"type": "http.response.start", "status": 200, "headers": raw})


def _refused(refusal: Refusal, trace_id: str | None) -> JSONResponse:
    """Return the error of a run. OpenAI's clients repeat a 5xx by themselves, and would spend a
    whole run again each time: the header, which they obey, tells them not to."""
    headers = {"x-should-retry": "false"}
    if trace_id is not None:
        headers[TRACE_HEADER] = trace_id
    return JSONResponse(refusal.body(), status_code=refusal.status, headers=headers)


async def _send_body(send: Send, data: bytes, *, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": not last})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
