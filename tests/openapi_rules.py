"""The rules of a right request that JSON schema cannot say, kept in bodies that are made from a schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from forethought.nodes.verifiers.json_schema import check_schema

Json = dict[str, Any]
ASKED = "What is 17 + 25?"
ENOUGH_S, ENOUGH_TOKENS = 60.0, 20_000
"""A budget that is spent before anything is found is an error, and has tests of its own."""


def right_chat(body: Json) -> None:
    body["model"] = "forethought"
    _right_limits(body.get("forethought"))
    _right_turns(body["messages"])
    tools = body.get("tools")
    if tools:
        named = {tool["function"]["name"]: tool for tool in tools}
        for reserved in ("auto", "none", "required"):
            named.pop(reserved, None)
        body["tools"] = list(named.values())
        for tool in body["tools"]:
            _right_schema(tool["function"], "parameters")
    _right_choice(body)
    form = body.get("response_format")
    if form is not None and form["type"] != "text":
        body["stop"] = None
        _enough(body, "max_completion_tokens", 512)
        _enough(body, "max_tokens", 512)
        if form["type"] == "json_schema":
            form["json_schema"]["schema"] = {"type": "object"}


def right_response(body: Json) -> None:
    body["model"] = "forethought"
    body["previous_response_id"] = None
    _right_limits(body.get("forethought"))
    if isinstance(body["input"], str):
        body["input"] = body["input"] if body["input"].strip() else ASKED
    else:
        _right_items(body["input"])
    if body.get("tools"):
        named = {tool["name"]: tool for tool in body["tools"]}
        for reserved in ("auto", "none", "required"):
            named.pop(reserved, None)
        body["tools"] = list(named.values())
        for tool in body["tools"]:
            _right_schema(tool, "parameters")
    _right_choice(body)
    form = (body.get("text") or {}).get("format")
    if form is not None and form.get("type", "text") != "text":
        _enough(body, "max_output_tokens", 512)
        if form["type"] == "json_schema":
            form["schema"] = {"type": "object"}


def right_thought(body: Json) -> None:
    body["model"] = "forethought"
    _right_limits(body)
    if body.get("question") is not None:
        body["question"] = body["question"] if body["question"].strip() else ASKED
    elif body.get("messages"):
        _right_end(body["messages"])


REPAIRS: dict[str, Callable[[Json], None]] = {
    "POST /v1/chat/completions": right_chat,
    "POST /v1/responses": right_response,
    "POST /v1/think": right_thought,
}


def _right_limits(limits: Json | None) -> None:
    """Let the budget be one in which something is found, and ask for no policy or strategy by name."""
    if limits is None:
        return
    for name in ("policy", "strategy"):
        limits.pop(name, None)
    _enough(limits, "deadline_s", ENOUGH_S)
    _enough(limits, "max_thinking_tokens", ENOUGH_TOKENS)
    if needs := limits.get("needs"):
        _enough(needs, "seconds", ENOUGH_S)
        _enough(needs, "tokens", ENOUGH_TOKENS)


def _enough(fields: Json, name: str, least: float) -> None:
    if fields.get(name) is not None:
        fields[name] = max(fields[name], least)


def _right_turns(turns: list[Json]) -> None:
    known: list[str] = []
    for turn in turns:
        for call in turn.get("tool_calls") or ():
            call["function"]["arguments"] = _object(call["function"]["arguments"])
            known.append(call["id"])
        if turn["role"] == "tool":
            if known and turn.get("tool_call_id") not in known:
                turn["tool_call_id"] = known[-1]
            if not known:
                turn.clear()
                turn.update(role="user", content=ASKED)
    _right_end(turns)


def _right_items(items: list[Json]) -> None:
    known: list[str] = []
    for item in items:
        if item.get("type") == "function_call":
            item["arguments"] = _object(item.get("arguments", ""))
            known.append(item.get("call_id", ""))
        if item.get("type") == "function_call_output" and item.get("call_id") not in known:
            item["call_id"] = known[-1] if known else "none"
            if not known:
                item.clear()
                item.update(role="user", content=ASKED)
    spoken = [item for item in items if item.get("type") != "reasoning"]
    if not spoken or spoken[-1].get("type") != "function_call_output":
        _right_end(items)


def _right_end(turns: list[Json]) -> None:
    """Let the last turn be the user's, with words in it, or a tool's."""
    if turns[-1].get("role") != "tool" and not _says_something(turns[-1]):
        turns[-1].clear()
        turns[-1].update(role="user", content=ASKED)


def _says_something(turn: Json) -> bool:
    content = turn.get("content")
    if isinstance(content, list):
        content = "".join(part.get("text") or part.get("refusal") or "" for part in content)
    return turn.get("role") == "user" and bool((content or "").strip())


def _object(text: str) -> str:
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except ValueError:
        return "{}"


def _right_schema(holder: Json, name: str) -> None:
    try:
        check_schema(holder.get(name) or {})
    except ValueError:
        holder[name] = {}


def _right_choice(body: Json) -> None:
    """A call that has to be made is one that the model has to make; what it says here is words."""
    if body.get("tool_choice") not in (None, "none"):
        body["tool_choice"] = "auto"
