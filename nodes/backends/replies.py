"""Reads whole replies of `/v1/completions` and `/v1/chat/completions`."""

from __future__ import annotations

from typing import Any

from ..errors import BackendGarbled
from ..values import Completion
from .base import Sampled
from .called import CalledPieces
from .logprobs import TokenLogprobs
from .pieces import end_of, usage_of


def read_reply(reply: Any, prompts: int, n: int, k: int = 0) -> Sampled:
    """Return what a reply to `prompts` prompts with `n` samples each holds.

    `k` is how many likeliest tokens were asked for.

    Raises:
        BackendGarbled: it does not hold that many completions.
    """
    choices = sorted(reply.choices, key=lambda choice: choice.index)
    if len(choices) != prompts * n:
        raise BackendGarbled(f"{prompts * n} completions were asked for, {len(choices)} came")
    usage = usage_of(reply.usage)
    mean = usage.completion_tokens // max(len(choices), 1)
    made = [_completion(choice, mean, k) for choice in choices]
    batches = tuple(tuple(made[start : start + n]) for start in range(0, len(made), n))
    return Sampled(batches=batches, usage=usage)


def _completion(choice: Any, mean_tokens: int, k: int) -> Completion:
    """Read one choice; where the server gives no token ids, its length is the reply's mean."""
    message = getattr(choice, "message", None)
    text = (choice.text if message is None else message.content) or ""
    calls = CalledPieces()
    calls.take(getattr(message, "tool_calls", None))
    token_ids = getattr(choice, "token_ids", None)
    logprobs = TokenLogprobs()
    logprobs.take(getattr(choice, "logprobs", None), k)
    return Completion(
        text=calls.beside(str(text)),
        end=end_of(choice.finish_reason, getattr(choice, "stop_reason", None)),
        n_tokens=len(token_ids) if token_ids else mean_tokens,
        token_ids=tuple(token_ids) if token_ids else None,
        logprobs=tuple(logprobs.chosen) or None,
        confidences=tuple(logprobs.confidences) or None,
    )
