"""What a response is, for the OpenAPI document; `frame.py`, `wire.py` and `inputs.py` write it.

A field that is sometimes left out has a default here; none is ever there without being named.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.json_schema import SkipJsonSchema

from ..documented import ForethoughtReply
from .wire import ItemStatus


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class SummaryPart(_Edge):
    """A stage of the thinking."""

    type: Literal["summary_text"]
    text: str


class ReasoningItemReply(_Edge):
    """The thinking."""

    id: str
    type: Literal["reasoning"]
    summary: list[SummaryPart]
    status: ItemStatus


class OutputPart(_Edge):
    """A text of the assistant."""

    type: Literal["output_text"]
    text: str
    annotations: list[JsonValue] = Field(max_length=0)
    logprobs: list[JsonValue] = Field(max_length=0)


class InputPart(_Edge):
    """A text of somebody else."""

    type: Literal["input_text"]
    text: str


class OutputMessageReply(_Edge):
    """What the assistant said."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    status: ItemStatus
    content: list[OutputPart]


class InputMessageReply(_Edge):
    """What somebody else said."""

    id: str
    type: Literal["message"]
    role: Literal["user", "system"]
    status: Literal["completed"]
    content: list[InputPart]


class CallItemReply(_Edge):
    """A function to be called."""

    id: str
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str
    """A JSON object, as text."""
    status: ItemStatus


class CallOutputReply(_Edge):
    """What a call gave back."""

    id: str
    type: Literal["function_call_output"]
    call_id: str
    output: str
    status: Literal["completed"]


OutputItemReply = ReasoningItemReply | OutputMessageReply | CallItemReply
InputItemReply = InputMessageReply | OutputMessageReply | CallItemReply | CallOutputReply


class ReadReply(_Edge):
    """Of the tokens read."""

    cached_tokens: int
    cache_write_tokens: int


class WrittenReply(_Edge):
    """Of the tokens generated."""

    reasoning_tokens: int


class ResponseUsage(_Edge):
    """Everything that the run spent, thrown away or not."""

    input_tokens: int
    input_tokens_details: ReadReply
    output_tokens: int
    output_tokens_details: WrittenReply
    total_tokens: int


class ResponseFault(_Edge):
    """Why there is no answer."""

    code: Literal["server_error", "invalid_prompt"]
    message: str
    param: str | None
    type: str
    """Our code."""


class CutReply(_Edge):
    """Why the answer is not whole."""

    reason: Literal["max_output_tokens"]


class ReasoningAsked(_Edge):
    """How much is thought, and told of it."""

    effort: str
    summary: str | None


class ResponseReply(_Edge):
    """A response."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["in_progress", "completed", "incomplete", "failed", "cancelled"]
    background: Literal[False]
    error: ResponseFault | None
    incomplete_details: CutReply | None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, str]
    model: str
    output: list[OutputItemReply]
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: ReasoningAsked
    store: bool
    temperature: float | None
    text: dict[str, JsonValue]
    tool_choice: JsonValue
    tools: list[dict[str, JsonValue]]
    top_p: float | None
    truncation: Literal["disabled"]
    usage: ResponseUsage | None
    """Null until it has ended."""
    forethought: ForethoughtReply | SkipJsonSchema[None] = None
    """Of one that has an answer."""


class DeletedReply(_Edge):
    """A response that is gone."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class InputItemsReply(_Edge):
    """A page of input items, in the form of OpenAI's lists."""

    object: Literal["list"]
    data: list[InputItemReply]
    first_id: str | None
    last_id: str | None
    has_more: bool


class _Numbered(_Edge):
    sequence_number: int


class WholeEvent(_Numbered):
    """The response begins, or has ended; the last event is one of the last three."""

    type: Literal[
        "response.created",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.failed",
    ]
    response: ResponseReply


class ItemEvent(_Numbered):
    """An item begins, or is done."""

    type: Literal["response.output_item.added", "response.output_item.done"]
    output_index: int
    item: OutputItemReply


class _OfItem(_Numbered):
    item_id: str
    output_index: int


class SummaryPartEvent(_OfItem):
    """A part of the summary begins, or is done."""

    type: Literal["response.reasoning_summary_part.added", "response.reasoning_summary_part.done"]
    summary_index: int
    part: SummaryPart


class SummaryDelta(_OfItem):
    """A piece of a part of the summary."""

    type: Literal["response.reasoning_summary_text.delta"]
    summary_index: int
    delta: str


class SummaryDone(_OfItem):
    """A part of the summary, whole."""

    type: Literal["response.reasoning_summary_text.done"]
    summary_index: int
    text: str


class PartEvent(_OfItem):
    """A text begins, or is done."""

    type: Literal["response.content_part.added", "response.content_part.done"]
    content_index: int
    part: OutputPart


class TextDelta(_OfItem):
    """A piece of the text."""

    type: Literal["response.output_text.delta"]
    content_index: int
    delta: str
    logprobs: list[JsonValue] = Field(max_length=0)


class TextDone(_OfItem):
    """The text, whole."""

    type: Literal["response.output_text.done"]
    content_index: int
    text: str
    logprobs: list[JsonValue] = Field(max_length=0)


class ArgumentsDelta(_OfItem):
    """The arguments of a call."""

    type: Literal["response.function_call_arguments.delta"]
    delta: str


class ArgumentsDone(_OfItem):
    """The arguments of a call, whole."""

    type: Literal["response.function_call_arguments.done"]
    arguments: str


ResponseEvent = Annotated[
    WholeEvent
    | ItemEvent
    | SummaryPartEvent
    | SummaryDelta
    | SummaryDone
    | PartEvent
    | TextDelta
    | TextDone
    | ArgumentsDelta
    | ArgumentsDone,
    Field(discriminator="type"),
]
