"""The fields of requests to `/v1/completions` and to the chat endpoint, from prompts and sampling."""

from __future__ import annotations

from typing import Any

from ..values import Sampling
from .base import Prompt
from .turns import wire_choice, wire_format, wire_tools

STOP_KEPT = {"include_stop_str_in_output": True}


def sampling_body(sampling: Sampling, n: int) -> dict[str, Any]:
    """Return how to draw, for either endpoint."""
    body = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    return {"n": n} | {name: value for name, value in body.items() if value is not None}


def shown(prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """Return what of the samples of `/v1/completions` is shown, and what they are held to.

    The marks of calls are special tokens of some models. With those shown, the token that ends a turn
    would be too, were the end of a sample kept.
    """
    form = {} if prompt.schema is None else {"response_format": wire_format(prompt.schema)}
    if not prompt.tools:
        return STOP_KEPT | form
    return {"skip_special_tokens": False} | (STOP_KEPT if sampling.stop else {}) | form


def chat_form(prompt: Prompt) -> dict[str, Any]:
    """Return the tools of a chat request, or what its reply is held to."""
    if prompt.tools:
        choice = wire_choice(prompt.tool_choice)
        return {"tools": wire_tools(prompt.tools), "tool_choice": choice}
    return {} if prompt.schema is None else {"response_format": wire_format(prompt.schema)}


def chat_logprobs(sampling: Sampling) -> dict[str, Any]:
    """Return the same wish for log-probabilities in the chat endpoint's words."""
    if sampling.logprobs is None:
        return {}
    return {"logprobs": True, "top_logprobs": sampling.logprobs}


def likeliest(body: dict[str, Any]) -> int:
    """Return how many likeliest tokens a request asks for."""
    return int(body.get("top_logprobs", body.get("logprobs", 0)))
