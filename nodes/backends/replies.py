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

    `k` is how many likeliest tokens were asked for. Samples that the server lost are missing, or have
    the end `cut`, with a fault that says how many.

    Raises:
        BackendGarbled: it holds none of them, or others than were asked for.
    """
    by_place = {int(choice.index): choice for choice in reply.choices}
    if len(by_place) < len(reply.choices) or not by_place.keys() <= set(range(prompts * n)):
        raise BackendGarbled(f"{prompts * n} completions were asked for, others came")
    if not by_place:
        raise BackendGarbled(f"{prompts * n} completions were asked for, none came")
    usage = usage_of(reply.usage)
    mean = usage.completion_tokens // len(by_place)
    made = {place: _completion(by_place[place], mean, k) for place in sorted(by_place)}
    batches = tuple(
        tuple(made[place] for place in range(start, start + n) if place in made)
        for start in range(0, prompts * n, n)
    )
    lost = prompts * n - sum(completion.end != "cut" for completion in made.values())
    fault = f"the server lost {lost} of {prompts * n} samples" if lost else None
    return Sampled(batches=batches, usage=usage, fault=fault)


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
