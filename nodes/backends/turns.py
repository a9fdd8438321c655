"""Turns, tools and schemas as OpenAI's chat JSON, which vLLM's `/tokenize` reads too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..values import Message, ToolChoice, ToolSpec

ANY_OBJECT = '{"type":"object"}'
"""The schema of `response_format` `json_object`."""


def wire_turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return a conversation; arguments of calls stay text, which vLLM reads for its templates."""
    return [_turn(message) for message in messages]


def wire_tools(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Return the tools that a model may call."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": json.loads(tool.parameters),
            },
        }
        for tool in tools
    ]


def wire_choice(choice: ToolChoice) -> str | dict[str, Any]:
    """Return whether tools are called."""
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def wire_format(schema: str) -> dict[str, Any]:
    """Return the `response_format` that holds a reply to a schema."""
    if schema == ANY_OBJECT:
        return {"type": "json_object"}
    named = {"name": "reply", "schema": json.loads(schema), "strict": True}
    return {"type": "json_schema", "json_schema": named}


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    return turn
