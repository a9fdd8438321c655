"""The body of a chat request, as OpenAI's clients send it (platform.openai.com/docs/api-reference/chat).

Unknown fields are let through, since clients send many. Fields that would change the reply and that
are not built yet are named here so that they can be refused, never silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from ...nodes.budget import Effort
from ...nodes.values import Kind
from ..errors import Refusal, bad_request

MAX_GENERATIONS = 1024
"""The most generations that one request may ask for."""
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]


class _Edge(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Part(_Edge):
    """A piece of a turn's content."""

    type: str
    text: str | None = None


class Turn(_Edge):
    """A message. Thinking of earlier turns (`reasoning_content` and the like) is not read."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: JsonValue = None
    function_call: JsonValue = None


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
    """Our extension: the caller's own budget, over that of the effort, and what is enough."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    max_generations: Annotated[int, Field(ge=0, le=MAX_GENERATIONS)] | None = None
    """0 asks the model directly."""
    max_thinking_tokens: Count | None = None
    deadline_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    task_kind: Kind | None = None
    needs: NeedsBody | None = None


class ChatBody(_Edge):
    """A chat request."""

    model: str
    messages: Annotated[list[Turn], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: Effort | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None
    forethought: Limits | None = None

    n: int | None = None
    stop: JsonValue = None
    tools: JsonValue = None
    tool_choice: JsonValue = None
    functions: JsonValue = None
    function_call: JsonValue = None
    response_format: JsonValue = None
    logprobs: JsonValue = None
    top_logprobs: JsonValue = None
    logit_bias: JsonValue = None
    modalities: list[str] | None = None
    audio: JsonValue = None
    web_search_options: JsonValue = None

    def unsupported(self) -> str | None:
        """Return the name of the first field that asks for something not built yet."""
        plain: tuple[Literal["auto", "none"], ...] = ("auto", "none")
        asked = {
            "n": self.n not in (None, 1),
            "stop": bool(self.stop),
            "tools": bool(self.tools),
            "tool_choice": self.tool_choice is not None and self.tool_choice not in plain,
            "functions": bool(self.functions),
            "function_call": self.function_call is not None and self.function_call not in plain,
            "response_format": self.response_format not in (None, {"type": "text"}),
            "logprobs": bool(self.logprobs),
            "top_logprobs": bool(self.top_logprobs),
            "logit_bias": bool(self.logit_bias),
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
    first = max(error.errors(include_url=False), key=lambda e: len(e["loc"]))
    if first["type"] == "json_invalid":
        return bad_request(f"the body is not valid JSON: {first['msg']}", code="invalid_json")
    if not first["loc"]:
        return bad_request("the body must be a JSON object", code="invalid_json")
    # A union's location ends with the names of its branches, which the caller never wrote.
    named = [part for part in first["loc"] if part not in ("str", "list[Part]")]
    param = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in named).lstrip(".")
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return bad_request(f"{param}: {first['msg']}", param, code)
