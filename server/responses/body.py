"""The body of a response request, as OpenAI's client 3.54 sends it (`types/responses`).

Unknown fields are let through, since clients send many. Fields that would change the reply and that
are not built are named in `unsupported.py`, so that they are refused, never silently ignored. Hints
that change nothing in a reply (cache keys, identifiers of users) are accepted.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag, ValidationError

from ...nodes.budget import Effort
from ..accepted import NO_ITEMS, NOTHING, NULL, OFF, WHOLE, ZERO, either, listed, one_of, said
from ..chat.body import Count, Limits, Metadata
from ..errors import Refusal, bad_request
from .accepted import CHOICE, FORMAT, INCLUDED, INPUT, TOOLS
from .summary import Detail

MAX_ITEMS = 1_000
"""The most input items of one request."""


class _Edge(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Part(_Edge):
    """A piece of a message, or of a tool's output."""

    type: str
    text: str | None = None
    refusal: str | None = None


class MessageItem(_Edge):
    """A message; clients leave its type out."""

    type: Literal["message"] | None = None
    role: str
    content: str | list[Part]


class CallItem(_Edge):
    """A function that the model called in an earlier turn."""

    type: Literal["function_call"]
    call_id: Annotated[str, Field(min_length=1)]
    name: str
    arguments: str


class OutputItem(_Edge):
    """What that call gave back."""

    type: Literal["function_call_output"]
    call_id: Annotated[str, Field(min_length=1)]
    output: str | list[Part]


class OtherItem(_Edge):
    """An item of any other type."""

    type: str


def _tag(item: object) -> str:
    kind = item.get("type") if isinstance(item, dict) else getattr(item, "type", None)
    if kind is None:
        return "message"
    return kind if kind in ("message", "function_call", "function_call_output") else "other"


Item = Annotated[
    Annotated[MessageItem, Tag("message")]
    | Annotated[CallItem, Tag("function_call")]
    | Annotated[OutputItem, Tag("function_call_output")]
    | Annotated[OtherItem, Tag("other")],
    Discriminator(_tag),
]


class ReasoningBody(_Edge):
    """How much is thought, and how much of it is told."""

    effort: Effort | None = None
    summary: Detail | None = None
    generate_summary: Detail | None = None
    """The older name of `summary`."""
    context: Annotated[
        Literal["auto", "current_turn", "all_turns"] | None,
        said(one_of(None, "auto", "current_turn")),
    ] = None
    mode: Annotated[str | None, said(one_of(None, "standard"))] = None


class FormatBody(_Edge):
    """What the text of the answer is to be."""

    type: str = "text"
    name: str | None = None
    description: str | None = None
    schema_: Annotated[dict[str, JsonValue] | None, Field(alias="schema")] = None
    strict: bool | None = None


class TextBody(_Edge):
    """How the answer is written."""

    format: Annotated[FormatBody | None, said(FORMAT)] = None
    verbosity: Annotated[str | None, said(one_of(None, "medium"))] = None


class ToolBody(_Edge):
    """A tool; only functions are."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, JsonValue] | None = None
    strict: bool | None = None


class StreamOptions(_Edge):
    """How a stream is written."""

    include_obfuscation: Annotated[bool | None, OFF] = None


class ResponsesBody(_Edge):
    """A request of a response."""

    model: str
    input: Annotated[
        str | Annotated[list[Item], Field(min_length=1, max_length=MAX_ITEMS)], said(INPUT)
    ]
    instructions: str | None = None
    previous_response_id: str | None = None
    reasoning: ReasoningBody | None = None
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    text: TextBody | None = None
    tools: Annotated[list[ToolBody] | None, said(TOOLS)] = None
    tool_choice: Annotated[str | dict[str, JsonValue] | None, said(CHOICE)] = None
    parallel_tool_calls: bool | None = None
    stream: bool | None = None
    store: bool | None = None
    metadata: Metadata | None = None
    forethought: Limits | None = None

    background: Annotated[bool | None, OFF] = None
    conversation: Annotated[JsonValue, NOTHING] = None
    context_management: Annotated[list[JsonValue] | None, NO_ITEMS] = None
    include: Annotated[list[str] | None, said(either(NULL, listed(one_of(*sorted(INCLUDED)))))] = (
        None
    )
    moderation: Annotated[JsonValue, NOTHING] = None
    prompt: Annotated[JsonValue, NOTHING] = None
    service_tier: Annotated[str | None, said(one_of(None, "auto", "default"))] = None
    stream_options: StreamOptions | None = None
    top_logprobs: Annotated[int | None, ZERO, WHOLE] = None
    truncation: Annotated[str | None, said(one_of(None, "disabled"))] = None
    access_programs: Annotated[JsonValue, NOTHING] = None
    background_options: Annotated[JsonValue, NOTHING] = None
    image: Annotated[JsonValue, NOTHING] = None


def read_body(raw: bytes) -> ResponsesBody:
    """Return the body.

    Raises:
        Refusal: 400; it is no JSON, no object, or a field has a bad value.
    """
    try:
        return ResponsesBody.model_validate_json(raw)
    except ValidationError as error:
        raise refusal_of_body(error) from error


def refusal_of_body(error: ValidationError) -> Refusal:
    """Return what the caller is told about a body that is not valid."""
    # Of the errors of a union's branches, the one that got furthest is about what was meant.
    first = max(error.errors(include_url=False), key=lambda e: len(e["loc"]))
    if first["type"] == "json_invalid":
        return bad_request(f"the body is not valid JSON: {first['msg']}", code="invalid_json")
    if not first["loc"]:
        return bad_request("the body must be a JSON object", code="invalid_json")
    param = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in _named(first["loc"]))
    param = param.lstrip(".")
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return bad_request(f"{param}: {first['msg']}", param, code)


def _named(location: tuple[int | str, ...]) -> list[int | str]:
    """Leave out the names of a union's branches, which the caller never wrote: types, and the tag
    that stands behind the place of an item in `input`."""
    written: list[int | str] = []
    for part in location:
        is_tag = len(written) == 2 and written[0] == "input" and isinstance(part, str)
        is_type = isinstance(part, str) and (part in ("str", "[key]") or "[" in part)
        if not is_type and not (is_tag and part in BRANCHES):
            written.append(part)
    return written


BRANCHES = ("message", "function_call", "function_call_output", "other")
