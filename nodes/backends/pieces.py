"""Puts streamed chunks back together, and keeps what came when a stream breaks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..values import Completion, End, Usage
from .base import OnText
from .called import CalledPieces
from .client import raise_error
from .logprobs import TokenLogprobs
from .wire import read_reply_json

BROKEN_OFF = frozenset({None, "abort", "error"})
"""vLLM's finish reasons of a completion that the server gave up; None is one that never ended."""


def end_of(finish_reason: str | None, stop_reason: object) -> End:
    """Return our name for how vLLM says that a completion ended; `cut` when it did not."""
    if finish_reason == "length":
        return "length"
    if finish_reason in BROKEN_OFF:
        return "cut"
    return "stop" if isinstance(stop_reason, str) else "eos"


def usage_of(usage: Any) -> Usage:
    """Return the usage of a reply; the tokens of the prompt count once for all its samples."""
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        calls=1,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=getattr(details, "cached_tokens", None) or 0,
        completion_tokens=usage.completion_tokens or 0,
    )


@dataclass(slots=True)
class _Piece:
    text: list[str] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    chunks: int = 0
    end: End = "cut"
    logprobs: TokenLogprobs = field(default_factory=TokenLogprobs)
    calls: CalledPieces = field(default_factory=CalledPieces)

    @property
    def is_begun(self) -> bool:
        """Whether anything of it has come."""
        return bool(self.text) or self.calls.anything or self.end != "cut"


class Pieces:
    """The completions of one streamed reply, as far as they have come."""

    def __init__(self, prompts: int, n: int, on_text: OnText | None, k: int = 0) -> None:
        self._pieces = [_Piece() for _ in range(prompts * n)]
        self._n = n
        self._k = k
        self._on_text = on_text
        self._usage: Usage | None = None

    async def read(self, events: AsyncIterable[bytes]) -> None:
        """Take in chunks until there are no more.

        Raises:
            Answered: the server says in one of them that it failed.
        """
        async for event in events:
            chunk = read_reply_json(event)
            if chunk.error is not None:
                raise_error(chunk.error)
            if chunk.usage is not None:
                self._usage = usage_of(chunk.usage)
            for choice in chunk.choices:
                self._take(choice)

    def _take(self, choice: Any) -> None:
        piece = self._pieces[choice.index]
        delta = getattr(choice, "delta", None)
        text = (choice.text if delta is None else delta.content) or ""
        piece.chunks += 1
        piece.logprobs.take(getattr(choice, "logprobs", None), self._k)
        piece.calls.take(getattr(delta, "tool_calls", None))
        piece.token_ids += getattr(choice, "token_ids", None) or []
        if choice.finish_reason is not None:
            piece.end = end_of(choice.finish_reason, getattr(choice, "stop_reason", None))
        if text:
            piece.text.append(text)
            if self._on_text is not None:
                prompt, sample = divmod(choice.index, self._n)
                self._on_text(prompt, sample, text)

    @property
    def anything(self) -> bool:
        """Whether any text has come."""
        return any(piece.is_begun for piece in self._pieces)

    @property
    def whole(self) -> bool:
        """Whether every completion has ended."""
        return all(piece.end != "cut" for piece in self._pieces)

    @property
    def usage(self) -> Usage:
        """What the server counted, or what has come where it never got to say."""
        generated = sum(len(piece.token_ids) or piece.chunks for piece in self._pieces)
        return self._usage or Usage(calls=1, completion_tokens=generated)

    def batches(self) -> tuple[tuple[Completion, ...], ...]:
        """Return the completions by prompt; those of which nothing came are left out."""
        rows: Sequence[Sequence[_Piece]] = [
            self._pieces[start : start + self._n] for start in range(0, len(self._pieces), self._n)
        ]
        return tuple(tuple(_completion(piece) for piece in row if piece.is_begun) for row in rows)


def _completion(piece: _Piece) -> Completion:
    return Completion(
        text=piece.calls.beside("".join(piece.text)),
        end=piece.end,
        n_tokens=len(piece.token_ids) or piece.chunks,
        token_ids=tuple(piece.token_ids) or None,
        logprobs=tuple(piece.logprobs.chosen) or None,
        confidences=tuple(piece.logprobs.confidences) or None,
    )
