"""What a chat request asks of its reply: tools, the schema of JSON, where it stops, and by which way."""

from __future__ import annotations

from typing import Any

from ...nodes.algorithms.base import Strategy
from ...nodes.algorithms.registry import JsonScalar, strategy_from
from ...nodes.equality.structure import compact_text
from ...nodes.values import ToolChoice, ToolSpec
from ...nodes.verifiers.json_schema import check_schema
from ..errors import Refusal, bad_request
from .body import MAX_GENERATIONS, ChatBody, FunctionChoice, Limits

ANY_OBJECT = '{"type":"object"}'
"""What `json_object` asks for, and the arguments of a function that takes none."""
RESERVED = frozenset({"auto", "none", "required"})


def to_tools(body: ChatBody) -> tuple[ToolSpec, ...]:
    """Return the tools.

    Raises:
        Refusal: 400; a name is there twice, or parameters are no JSON schema.
    """
    specs: dict[str, ToolSpec] = {}
    for number, tool in enumerate(body.tools or ()):
        where, function = f"tools[{number}].function", tool.function
        if function.name in specs or function.name in RESERVED:
            raise bad_request(f"{function.name!r} cannot be used here", f"{where}.name")
        parameters = function.parameters
        specs[function.name] = ToolSpec(
            name=function.name,
            description=function.description or "",
            parameters=ANY_OBJECT
            if not parameters
            else _schema_text(parameters, f"{where}.parameters"),
        )
    return tuple(specs.values())


def to_choice(body: ChatBody, tools: tuple[ToolSpec, ...]) -> ToolChoice:
    """Return whether a tool is to be called, and which.

    Raises:
        Refusal: 400; it asks for a tool that is not there.
    """
    choice = body.tool_choice
    if choice is None or choice in ("auto", "none"):
        return "none" if choice == "none" else "auto"
    name = choice.function.name if isinstance(choice, FunctionChoice) else "required"
    if not tools or (name != "required" and all(tool.name != name for tool in tools)):
        raise bad_request(f"tool_choice asks for {name!r}, which is not in tools", "tool_choice")
    return name


def to_schema(body: ChatBody) -> str | None:
    """Return the schema that the reply is to be a value of; None where it is free.

    Raises:
        Refusal: 400; it is missing, or no JSON schema, or cut by stop strings.
    """
    form = body.response_format
    if form is None or form.type == "text":
        return None
    if body.stop:
        raise bad_request("stop would cut the JSON that response_format asks for", "stop")
    if form.type == "json_object":
        return ANY_OBJECT
    where = "response_format.json_schema"
    if form.json_schema is None:
        raise bad_request(f"{where} is missing", where, "missing_required_parameter")
    return _schema_text(form.json_schema.schema_, f"{where}.schema")


def to_stop(body: ChatBody) -> tuple[str, ...]:
    """Return the strings before which the reply ends."""
    return (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())


def to_strategy(limits: Limits, *, thinks: bool) -> Strategy | None:
    """Return the strategy that is asked for; `thinks` says whether there is a search at all.

    Raises:
        Refusal: 400; there is none of that name, or with these numbers, or nothing to search.
    """
    if limits.strategy is None:
        return None
    where = "forethought.strategy"
    scalars: dict[str, JsonScalar] = {}
    for name, value in limits.strategy.items():
        if isinstance(value, list | dict):
            raise bad_request(f"{where}.{name} must be a number or a text", f"{where}.{name}")
        scalars[name] = value
    if not thinks:
        raise bad_request(f"{where} needs generations, and there are none", where)
    try:
        strategy = strategy_from(scalars)
    except ValueError as exc:
        raise bad_request(f"{where}: {exc}", where) from exc
    if not 1 <= strategy.generations <= MAX_GENERATIONS:
        text = f"{where} must cost from 1 to {MAX_GENERATIONS} generations, not"
        text = f"{text} {strategy.generations}"
        raise bad_request(text, where)
    return strategy


def _schema_text(schema: dict[str, Any], where: str) -> str:
    try:
        check_schema(schema)
        return compact_text(schema)
    except (ValueError, RecursionError) as exc:
        raise _no_schema(where, exc) from exc


def _no_schema(where: str, exc: Exception) -> Refusal:
    return bad_request(f"{where}: {exc}", where)
