"""Turns the body of a chat request into what the engine is asked; the only place that knows both."""

from __future__ import annotations

import json

from ...nodes.budget import Effort
from ..engine import Ask
from .body import ChatBody, Limits, Metadata
from .dial import to_dial, to_needs
from .terms import to_choice, to_schema, to_stop, to_strategy, to_tools
from .turns import to_messages, unsupported


def to_ask(body: ChatBody, default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    Raises:
        Refusal: 400, with the field that is wrong or not supported.
    """
    if name := body.unsupported():
        raise unsupported(name)
    messages = to_messages(body.messages)
    limits = body.forethought or Limits()
    dial = to_dial(body.reasoning_effort, limits, default_effort)
    tools = to_tools(body)
    return Ask(
        messages=messages,
        effort=dial.effort,
        budget=dial.budget,
        kind=limits.task_kind,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        seed=body.seed,
        live=bool(body.stream),
        needs=to_needs(limits.needs),
        policy=limits.policy,
        strategy=to_strategy(limits, thinks=dial.budget.generations > 0),
        tools=tools,
        tool_choice=to_choice(body, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        schema=to_schema(body),
        stop=to_stop(body),
        n=body.n or 1,
        kept=kept_metadata(body.metadata),
        face="chat",
    )


def kept_metadata(metadata: Metadata | None) -> str | None:
    """Return what a trace keeps of the caller's metadata; None where there is none."""
    return json.dumps({"metadata": metadata}) if metadata else None
