"""What a chat completion's reply is, for the OpenAPI document; `reply.py` writes it.

A field that is sometimes left out has a default here; none is ever there without being named.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from ..documented import ErrorReply, ForethoughtReply

Finish = Literal["stop", "length", "tool_calls"]


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CalledReply(_Edge):
    """The function of a call."""

    name: str
    arguments: str
    """A JSON object, as text."""


class CallReply(_Edge):
    """A call that the caller is to make."""

    id: str
    type: Literal["function"]
    function: CalledReply


class MessageReply(_Edge):
    """What is answered."""

    role: Literal["assistant"]
    content: str | None
    tool_calls: list[CallReply] = Field(default=[], min_length=1)
    reasoning_content: str = ""
    """The thinking, of the first choice; left out where nothing was thought."""
    reasoning: str = ""
    """The same."""


class ChoiceReply(_Edge):
    """One of `n` answers, the best first."""

    index: int
    message: MessageReply
    logprobs: None
    finish_reason: Finish


class CachedReply(_Edge):
    """Of the tokens read."""

    cached_tokens: int


class ThoughtTokensReply(_Edge):
    """Of the tokens generated."""

    reasoning_tokens: int
    """Those that are not in the answer."""


class UsageReply(_Edge):
    """Everything that the run spent, thrown away or not."""

    prompt_tokens: int
    """Read by the generator and by verifiers."""
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedReply
    completion_tokens_details: ThoughtTokensReply


class ChatReply(_Edge):
    """A reply that is not streamed."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceReply]
    usage: UsageReply
    forethought: ForethoughtReply


class CalledPiece(_Edge):
    """A piece of a call's function: its name comes first, then its arguments."""

    name: str = ""
    arguments: str


class CallPiece(_Edge):
    """A piece of a call."""

    index: int
    id: str = ""
    type: Literal["function"] = "function"
    function: CalledPiece


class Delta(_Edge):
    """What a chunk adds."""

    role: Literal["assistant"] = "assistant"
    content: str = ""
    reasoning_content: str = ""
    reasoning: str = ""
    tool_calls: list[CallPiece] = []


class ChunkChoice(_Edge):
    """The choice that a chunk adds to."""

    index: int
    delta: Delta
    finish_reason: Finish | None


class Chunk(_Edge):
    """A piece of a streamed reply."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    """Empty in the one with the usage."""
    usage: UsageReply | SkipJsonSchema[None] = None
    forethought: ForethoughtReply | SkipJsonSchema[None] = None
    """In the last chunk of the first choice."""


ChatEvent = Chunk | ErrorReply
"""The stream ends with `[DONE]`."""
