"""Clients that ask one after the other until they are told to stop, and keep what they got whole."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Self

import httpx2

PATH = "/v1/chat/completions"
HEADER = "x-forethought-trace-id"
KINDS = tuple((effort, stream) for effort in ("none", "low", "medium") for stream in (False, True))
"""Of requests; each client goes round them, beginning at its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer that came whole."""

    trace_id: str
    text: str
    at_s: float
    """When its last byte was there, by the monotonic clock."""
    seconds: float


@dataclass(slots=True)
class Book:
    """What the clients got."""

    answers: list[Got] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What the server said that was no answer."""
    broken: int = 0
    """Replies that never came or broke off."""


class Asking:
    """So many clients of one server, for as long as the block lasts."""

    def __init__(self, url: str, questions: Iterable[str], clients: int) -> None:
        self.book = Book()
        self.answered = asyncio.Event()
        """Set by the first answer."""
        self._url = url
        self._questions = cycle(questions)
        self._clients = clients
        self._tasks: list[asyncio.Task[None]] = []
        self._http: httpx2.AsyncClient | None = None
        self._stopping = False

    async def __aenter__(self) -> Self:
        limits = httpx2.Limits(max_connections=None)
        self._http = httpx2.AsyncClient(base_url=self._url, timeout=120, limits=limits)
        self._tasks = [asyncio.create_task(self._ask_on(n)) for n in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let every client end the request it is in."""
        self.stop()
        await asyncio.gather(*self._tasks)
        if self._http is not None:
            await self._http.aclose()

    def stop(self) -> None:
        """Let no client ask anything more."""
        self._stopping = True

    async def _ask_on(self, number: int) -> None:
        for effort, stream in cycle(KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]):
            if self._stopping:
                return
            try:
                await self._ask(effort, stream)
            except httpx2.HTTPError:
                self.book.broken += 1
                await asyncio.sleep(0.05)

    async def _ask(self, effort: str, stream: bool) -> None:
        assert self._http is not None
        question = {"role": "user", "content": next(self._questions)}
        body: dict[str, Any] = {"model": "forethought", "messages": [question], "stream": stream}
        began = time.monotonic()
        asked = body | {"reasoning_effort": effort}
        async with self._http.stream("POST", PATH, json=asked) as reply:
            data = await reply.aread()
            now = time.monotonic()
            if reply.status_code != 200:
                self.book.refused.append(f"{reply.status_code} {data[:200]!r}")
                return
            text = _streamed(data) if stream else _plain(data)
            if text is None:
                self.book.broken += 1
                return
            trace_id = reply.headers[HEADER]
            got = Got(trace_id=trace_id, text=text, at_s=now, seconds=now - began)
            self.book.answers.append(got)
            self.answered.set()


def _plain(data: bytes) -> str | None:
    return json.loads(data)["choices"][0]["message"]["content"]  # httpx2 checks its length


def _streamed(data: bytes) -> str | None:
    """Return the answer of a stream; None where its end is missing."""
    frames = [line[6:] for line in data.splitlines() if line.startswith(b"data: ")]
    if not frames or frames[-1] != b"[DONE]":
        return None
    choices = [choice for f in frames[:-1] for choice in json.loads(f).get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)
