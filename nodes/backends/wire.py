"""The parts of an OpenAI-compatible server's JSON that are read, and nothing else of it.

What is not named here is skipped by the decoder unseen, which is what makes a reply of many samples, or a
stream of many small frames, cheap to read. Wire format: vLLM 0.32 and 0.33.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Details(msgspec.Struct):
    """More about the tokens of a prompt."""

    cached_tokens: int | None = None


class UsageRead(msgspec.Struct):
    """Tokens as the server counted them."""

    prompt_tokens: int
    completion_tokens: int | None = None
    prompt_tokens_details: Details | None = None


class FunctionRead(msgspec.Struct):
    """The function of a call, or a piece of it."""

    name: str | None = None
    arguments: str | None = None


class CallRead(msgspec.Struct):
    """A call, or a piece of it."""

    function: FunctionRead
    index: int | None = None


class Said(msgspec.Struct):
    """A message, or a piece of it."""

    content: str | None = None
    tool_calls: list[CallRead] | None = None


class TopToken(msgspec.Struct):
    """A likely token."""

    logprob: float
    token: str = ""


class TokenRead(msgspec.Struct):
    """A sampled token of the chat endpoint."""

    logprob: float
    top_logprobs: list[TopToken] | None = None


class LogprobsRead(msgspec.Struct):
    """Of one choice: `content` from the chat endpoint, the others from `/v1/completions`."""

    content: list[TokenRead] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None


class Choice(msgspec.Struct):
    """One completion, or a piece of it."""

    index: int
    text: str | None = None
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    token_ids: list[int] | None = None
    logprobs: LogprobsRead | None = None


class Reply(msgspec.Struct):
    """A whole reply, or a frame of a stream; one with an `error` is the end of it."""

    choices: list[Choice] = []
    usage: UsageRead | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(Reply)


def read_reply_json(data: bytes) -> Reply:
    """Return a reply or a frame.

    Raises:
        msgspec.DecodeError: it is none; `mapped_errors` knows it.
    """
    return _DECODER.decode(data)
