"""The body of a chat request, as OpenAI's clients send it (platform.openai.com/docs/api-reference/chat).

Unknown fields are let through, since clients send many. Fields that would change the reply and that
are not built are named here so that they can be refused, never silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from ...nodes.budget import Effort
from ...nodes.values import Kind
from ..accepted import NO_FIELDS, NO_ITEMS, NOTHING, NULL, OFF, WHOLE, ZERO, either, one_of, said
from ..errors import Refusal, bad_request
from .accepted import FORMAT, NEEDS, TURNS

MAX_GENERATIONS = 1024
"""The most generations that one request may ask for."""
MAX_N = 8
MAX_STOP = 16
MAX_TOOLS = 128
Count = Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE]
Seed = Annotated[int, Field(ge=-(2**53), le=2**53), WHOLE]
Generations = Annotated[int, Field(ge=0, le=MAX_GENERATIONS), WHOLE]
Text = Annotated[str, Field(min_length=1)]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]
"""Of the caller; kept with the trace, and read by nobody else."""
_BRANCHES = frozenset({"str", "list[Part]", "list[constrained-str]", "FunctionChoice"})


class _Edge(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Part(_Edge):
    """A piece of a turn's content."""

    type: str
    text: str | None = None


class CalledBody(_Edge):
    """The function of a call in an earlier turn."""

    name: Text
    arguments: str


class CallBody(_Edge):
    """A call in an earlier turn."""

    id: Text
    function: CalledBody


class Turn(_Edge):
    """A message. Thinking of earlier turns (`reasoning_content` and the like) is not read."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[CallBody] | None = None
    tool_call_id: str | None = None
    function_call: JsonValue = None


class FunctionBody(_Edge):
    """A function that may be called."""

    name: Annotated[str, Field(pattern=r"^[\w.\-]{1,128}$")]
    description: str | None = None
    parameters: dict[str, JsonValue] | None = None


class ToolBody(_Edge):
    """A tool; only functions are."""

    type: Literal["function"] = "function"
    function: FunctionBody


class NamedBody(_Edge):
    """The name of a function."""

    name: Text


class FunctionChoice(_Edge):
    """The one function that is to be called."""

    type: Literal["function"]
    function: NamedBody


class SchemaBody(_Edge):
    """What a reply in JSON is to be."""

    schema_: Annotated[dict[str, JsonValue], Field(alias="schema")]


class FormatBody(_Edge):
    """How the reply is written."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaBody | None = None


class StreamOptions(_Edge):
    """What a streamed reply ends with."""

    include_usage: bool = False


class NeedsBody(_Edge):
    """What is enough for the caller; at least one of them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    confidence: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tokens: Count | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.confidence is None and self.seconds is None and self.tokens is None:
            raise ValueError("needs must name confidence, seconds or tokens")
        return self


class Limits(_Edge):
    """Our extension: the caller's own budget and way, over those of the effort, and what is enough."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    max_generations: Generations | None = None
    """0 asks the model directly."""
    max_thinking_tokens: Count | None = None
    deadline_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    task_kind: Kind | None = None
    needs: Annotated[NeedsBody | None, said(either(NULL, NEEDS))] = None
    strategy: dict[str, JsonValue] | None = None
    """The name of an algorithm, and its numbers, instead of what a policy would choose."""
    policy: Text | None = None
    """A stored policy (`NAME`, `NAME@VERSION`) or `builtin`, instead of the active one."""


class ChatBody(_Edge):
    """A chat request."""

    model: str
    messages: Annotated[list[Turn], Field(min_length=1), said(TURNS)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: Effort | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Seed | None = None
    n: Annotated[int, Field(ge=1, le=MAX_N), WHOLE] | None = None
    stop: Text | Annotated[list[Text], Field(max_length=MAX_STOP)] | None = None
    tools: Annotated[list[ToolBody], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: Literal["auto", "none", "required"] | FunctionChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: Annotated[FormatBody | None, said(FORMAT)] = None
    metadata: Metadata | None = None
    forethought: Limits | None = None

    functions: Annotated[list[JsonValue] | None, NO_ITEMS] = None
    function_call: Annotated[JsonValue, said(one_of(None, "auto", "none"))] = None
    logprobs: Annotated[bool | None, OFF] = None
    top_logprobs: Annotated[int | None, ZERO, WHOLE] = None
    logit_bias: Annotated[dict[str, JsonValue] | None, NO_FIELDS] = None
    frequency_penalty: Annotated[float | None, ZERO] = None
    presence_penalty: Annotated[float | None, ZERO] = None
    modalities: Annotated[list[str] | None, said(one_of(None, [], ["text"]))] = None
    audio: Annotated[JsonValue, NOTHING] = None
    web_search_options: Annotated[JsonValue, NOTHING] = None

    def unsupported(self) -> str | None:
        """Return the name of the first field that asks for something that is not built."""
        asked = {
            "functions": bool(self.functions),
            "function_call": self.function_call not in (None, "auto", "none"),
            "logprobs": bool(self.logprobs),
            "top_logprobs": bool(self.top_logprobs),
            "logit_bias": bool(self.logit_bias),
            "frequency_penalty": bool(self.frequency_penalty),
            "presence_penalty": bool(self.presence_penalty),
            "modalities": self.modalities not in (None, [], ["text"]),
            "audio": self.audio is not None,
            "web_search_options": self.web_search_options is not None,
        }
        return next((name for name, is_asked in asked.items() if is_asked), None)


def read_body(raw: bytes) -> ChatBody:
    """Return the body.

    Raises:
        Refusal: 400; it is no JSON, no object, or a field has a bad value.
    """
    try:
        return ChatBody.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> Refusal:
    # Of the errors of a union's branches, the one that got furthest is about what was meant.
    first = max(error.errors(include_url=False), key=lambda e: len(_written(e["loc"])))
    if first["type"] == "json_invalid":
        return bad_request(f"the body is not valid JSON: {first['msg']}", code="invalid_json")
    if not first["loc"]:
        return bad_request("the body must be a JSON object", code="invalid_json")
    named = _written(first["loc"])
    param = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in named).lstrip(".")
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return bad_request(f"{param}: {first['msg']}", param, code)


def _written(location: tuple[int | str, ...]) -> list[int | str]:
    """Leave out the names of a union's branches, which the caller never wrote."""
    return [
        part
        for part in location
        if isinstance(part, int)
        or not (part in _BRANCHES or part.startswith(("literal[", "constr")))
    ]
