"""A scriptable stand-in of vLLM's server on a loopback port; `fake_model.py` says what it replies.

    with FakeVllm(lambda prompt, k: ["17+25=42", "41"][k % 2]) as server:
        server.fault("/v1/completions", Refuse(), at=2)
        ... server.url ...

It keeps every request, and counts those that are open, so that a test can show that a run which was
cancelled left none. What the test's callables raise is raised again when the block ends.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from chatml import Json
from fake_model import FakeModel, Judge, Say, Score, Tops, Values
from faults import Fault, Hold, Refuse, Reply, send_reply
from loopback import PATIENCE_S, Loopback


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    body: Json
    headers: dict[str, str]


class FakeVllm:
    """One server: a generator, and a process verifier and judge when it is given them."""

    def __init__(
        self,
        say: Say | None = None,
        *,
        score: Score | None = None,
        judge: Judge | None = None,
        values: Values | None = None,
        tops: Tops | None = None,
        model: str = "fake",
        max_model_len: int = 4096,
        piece: int = 8,
    ) -> None:
        self.replies = FakeModel(
            say,
            score,
            judge,
            values=values,
            tops=tops,
            model=model,
            max_model_len=max_model_len,
            piece=piece,
        )
        self.requests: list[Received] = []
        self.open = 0
        """Requests that are being answered now."""
        self.aborted = 0
        """Requests whose client left before the reply was whole."""
        self._faults: dict[str, list[tuple[Fault, int | None]]] = defaultdict(list)
        self._calls: Counter[str] = Counter()
        self._waiting: list[tuple[Callable[[], bool], Future[None]]] = []
        self._loopback = Loopback(self)

    @property
    def url(self) -> str:
        """Where it is served, without `/v1`."""
        return self._loopback.url

    def fault(self, path: str, *faults: Fault, at: int | None = None) -> None:
        """Let the `at`-th call of `path` (from 1) go wrong; None is every call from now on."""
        self._faults[path] += [(fault, at) for fault in faults]

    def heal(self) -> None:
        """Take all faults back and open their gates."""
        for planned in self._faults.values():
            for fault, _ in planned:
                if isinstance(fault, Hold):
                    fault.gate.open()
        self._faults.clear()

    def sent(self, path: str) -> list[Json]:
        """Return the bodies that came to `path`, in order."""
        return [r.body for r in self.requests if r.path == path]

    def die(self) -> None:
        """Close the port and abort every connection."""
        self._loopback.kill()

    async def idle(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until no request is open."""
        await self._until(lambda: self.open == 0, timeout_s)

    async def called(self, path: str, times: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Wait until `path` has been called `times` times."""
        await self._until(lambda: self._calls[path] >= times, timeout_s)

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        done: Future[None] = Future()

        async def watch() -> None:
            self._waiting.append((holds, done))
            self._tell()

        self._loopback.call(watch())
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(done)), timeout_s)

    def _tell(self) -> None:
        for holds, done in self._waiting:
            if holds() and not done.done():
                done.set_result(None)
        self._waiting = [w for w in self._waiting if not w[1].done()]

    def __enter__(self) -> Self:
        self._loopback.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loopback.__exit__(kind, error, trace)
        if self.replies.problems and error is None:
            raise self.replies.problems[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and stop at once when its client leaves."""
        assert scope["type"] == "http", scope["type"]
        request = Request(scope, receive)
        raw = await request.body()
        path = request.url.path
        self._calls[path] += 1
        nth = self._calls[path]
        self.open += 1
        closed = False

        def close() -> None:
            nonlocal closed
            if not closed:
                closed = True
                self.open -= 1
                self._tell()

        async def told(message: Message) -> None:
            # before the client can know of it and ask the next one
            if message["type"] == "http.response.body" and not message.get("more_body"):
                close()
            await send(message)

        answering = asyncio.ensure_future(self._answer(request, raw, nth, told))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.aborted += 1
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
            close()
        if not answering.cancelled():
            answering.result()

    async def _answer(self, request: Request, raw: bytes, nth: int, send: Send) -> None:
        path = request.url.path
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = {}
        self.requests.append(Received(path, body, dict(request.headers)))
        self._tell()
        faults = [f for f, at in self._faults[path] if at is None or at == nth]
        if any(isinstance(fault, Refuse) for fault in faults):
            reply = Reply(frames=(b"",))
        else:
            reply = self.replies.reply(path, body)
        await send_reply(reply, faults, send, self.die)


async def _left(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
