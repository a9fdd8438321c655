"""Tools and formats of a response request as what the engine is asked, or a refusal of them."""

from __future__ import annotations

from pydantic import JsonValue

from ...nodes.equality.structure import compact_text
from ...nodes.values import ToolChoice, ToolSpec
from ...nodes.verifiers.json_schema import check_schema
from ..chat.terms import ANY_OBJECT, RESERVED
from ..errors import Refusal, bad_request
from .body import FormatBody, ResponsesBody, ToolBody

MAX_TOOLS = 128


def to_tools(body: ResponsesBody) -> tuple[ToolSpec, ...]:
    """Return the tools.

    Raises:
        Refusal: 400; one is no function, or is not described well enough.
    """
    tools = body.tools or []
    if len(tools) > MAX_TOOLS:
        raise bad_request(f"more than {MAX_TOOLS} tools", "tools", "invalid_value")
    specs: dict[str, ToolSpec] = {}
    for number, tool in enumerate(tools):
        spec = _spec(tool, f"tools[{number}]")
        if spec.name in specs or spec.name in RESERVED:
            text = f"tools[{number}].name: {spec.name!r} cannot be used here"
            raise bad_request(text, f"tools[{number}].name", "invalid_value")
        specs[spec.name] = spec
    return tuple(specs.values())


def to_choice(body: ResponsesBody, tools: tuple[ToolSpec, ...]) -> ToolChoice:
    """Return whether a tool is to be called, and which.

    Raises:
        Refusal: 400; it is of a kind that is not supported, or names no tool of the request.
    """
    choice = body.tool_choice
    if choice is None or choice in ("auto", "none"):
        return "none" if choice == "none" else "auto"
    if choice == "required":
        if not tools:
            raise _bad_choice("tool_choice is 'required', and there are no tools")
        return "required"
    if not isinstance(choice, dict):
        raise _bad_choice(f"tool_choice: {choice!r} is not auto, none, required or a function")
    if choice.get("type") != "function":
        text = f"tool_choice of type {choice.get('type')!r} is not supported"
        raise bad_request(text, "tool_choice", "unsupported")
    name = choice.get("name")
    if not isinstance(name, str) or all(tool.name != name for tool in tools):
        raise _bad_choice(f"tool_choice names {name!r}, which is no tool of the request")
    return name


def to_schema(body: ResponsesBody) -> str | None:
    """Return the JSON schema that the text is to follow, None where it is plain text.

    Raises:
        Refusal: 400; the format is of another kind, or lacks its schema.
    """
    wanted = body.text.format if body.text else None
    match wanted:
        case None | FormatBody(type="text"):
            return None
        case FormatBody(type="json_object"):
            return ANY_OBJECT
        case FormatBody(type="json_schema", schema_=dict(schema)):
            return _schema_text(schema, "text.format.schema")
        case FormatBody(type="json_schema"):
            where = "text.format.schema"
            raise bad_request(f"{where} is missing", where, "missing_required_parameter")
        case _:
            text = f"text.format of type {wanted.type!r} is not supported"
            raise bad_request(text, "text.format.type", "unsupported")


def _spec(tool: ToolBody, where: str) -> ToolSpec:
    if tool.type != "function":
        text = f"tools of type {tool.type!r} are not supported; only functions are"
        raise bad_request(text, f"{where}.type", "unsupported")
    if not tool.name:
        text = f"{where}.name is missing"
        raise bad_request(text, f"{where}.name", "missing_required_parameter")
    parameters = ANY_OBJECT
    if tool.parameters:
        parameters = _schema_text(tool.parameters, f"{where}.parameters")
    return ToolSpec(name=tool.name, description=tool.description or "", parameters=parameters)


def _schema_text(schema: dict[str, JsonValue], where: str) -> str:
    try:
        check_schema(schema)
        return compact_text(schema)
    except (ValueError, RecursionError) as exc:
        raise bad_request(f"{where}: {exc}", where, "invalid_value") from exc


def _bad_choice(message: str) -> Refusal:
    return bad_request(message, "tool_choice", "invalid_value")
