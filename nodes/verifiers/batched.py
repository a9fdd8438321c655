"""Gathers what concurrent runs want scored into one request, asks each text once, and remembers.

A batch is sent when its window is over or when it is full. A caller that leaves takes its texts out
of a batch that waits; a request under way is cancelled when nobody waits for it any more. A text that
was scored is not sent again: where every beginning of a solution is a text of its own (`last-head` in
`formats.py`), a search sends the newest step alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

from ..errors import BackendRejected
from ..values import Question, Usage
from .base import Granularity, Scored
from .halves import Rows
from .texts import Scores, TextVerifier, score_by_texts

WINDOW_S = 0.004
AT_MOST = 64
REMEMBERED = 20_000


@dataclass(slots=True, kw_only=True)
class _Call:
    """One caller's texts."""

    texts: tuple[str, ...]
    """Distinct, and none remembered."""
    rows: asyncio.Future[Rows[Scores]]


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Calls that share a request."""

    full: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[_Call] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def waiting(self) -> list[_Call]:
        """Return the calls that somebody waits for."""
        return [call for call in self.calls if not call.rows.done()]


class BatchedVerifier:
    """A verifier whose requests hold the texts of several calls."""

    def __init__(
        self,
        inner: TextVerifier,
        *,
        window_s: float = WINDOW_S,
        at_most: int = AT_MOST,
        remembered: int = REMEMBERED,
    ) -> None:
        self._inner = inner
        self._window_s = window_s
        self._at_most = at_most
        self._remembered = remembered
        self._known: dict[bytes, Scores] = {}
        self._open: _Batch | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def model(self) -> str:
        """That of the verifier inside."""
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        """That of the verifier inside."""
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`, in a request that others may share.

        Of the tokens of a shared request each caller counts the part that its characters are of it,
        and the first of them the request: over all callers the sums are exact.
        """
        return await score_by_texts(self._inner, self._rows, question, solutions)

    async def _rows(self, texts: Sequence[str]) -> Rows[Scores]:
        known = {text: row for text in texts if (row := self._known.get(_digest(text)))}
        new = tuple(text for text in dict.fromkeys(texts) if text not in known)
        if not new:
            return Rows(rows=tuple(known[text] for text in texts), usage=Usage())
        call = _Call(texts=new, rows=asyncio.get_running_loop().create_future())
        self._join(call)
        scored = await call.rows
        found: dict[str, Scores | BackendRejected] = dict(zip(new, scored.rows, strict=True))
        return Rows(rows=tuple((found | known)[text] for text in texts), usage=scored.usage)

    def _join(self, call: _Call) -> None:
        """Put a call into the open batch, or into a new one, and close the batch if it is full."""
        batch = self._open
        if batch is None:
            batch = self._open = _Batch()
            batch.task = asyncio.get_running_loop().create_task(self._run(batch))
            self._running.add(batch.task)
            batch.task.add_done_callback(self._running.discard)
        batch.calls.append(call)
        call.rows.add_done_callback(partial(self._left, batch))
        if sum(len(one.texts) for one in batch.waiting()) >= self._at_most:
            batch.full.set()
            self._open = None

    def _left(self, batch: _Batch, rows: asyncio.Future[Rows[Scores]]) -> None:
        """Give a batch up when its last caller has left."""
        if rows.cancelled() and batch.task is not None and not batch.waiting():
            batch.task.cancel()
            self._close(batch)

    def _close(self, batch: _Batch) -> None:
        if self._open is batch:
            self._open = None

    async def _run(self, batch: _Batch) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._window_s):
                await batch.full.wait()
        self._close(batch)
        texts = list(dict.fromkeys(text for call in batch.waiting() for text in call.texts))
        try:
            scored = await self._inner.score_texts(texts)
        except Exception as exc:  # noqa: BLE001 - outermost in its task: the callers raise it
            for call in batch.waiting():
                call.rows.set_exception(exc)
            return
        rows = dict(zip(texts, scored.rows, strict=True))
        self._remember(rows)
        shares = _shares(scored.usage, [call.texts for call in batch.calls])
        for call, usage in zip(batch.calls, shares, strict=True):
            if not call.rows.done():
                own = tuple(rows[text] for text in call.texts)
                call.rows.set_result(Rows(rows=own, usage=usage))

    def _remember(self, rows: Mapping[str, Scores | BackendRejected]) -> None:
        for text, row in rows.items():
            if not isinstance(row, BackendRejected):
                self._known[_digest(text)] = row
        while len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _shares(usage: Usage, calls: Sequence[Sequence[str]]) -> list[Usage]:
    """Return what each call counts: in proportion to the characters that it was the first to ask."""
    seen: set[str] = set()
    lengths: list[int] = []
    for texts in calls:
        lengths.append(sum(len(text) for text in texts if text not in seen))
        seen.update(texts)
    ends = [sum(lengths[:k]) for k in range(len(calls) + 1)]
    total = ends[-1] or 1
    return [
        Usage(
            calls=usage.calls if k == 0 else 0,
            verifier_tokens=_part(usage.verifier_tokens, ends[k], ends[k + 1], total),
            cached_tokens=_part(usage.cached_tokens, ends[k], ends[k + 1], total),
        )
        for k in range(len(calls))
    ]


def _part(tokens: int, start: int, end: int, total: int) -> int:
    """Return the tokens between two places of `total`, rounded so that all parts sum up."""
    return tokens * end // total - tokens * start // total
