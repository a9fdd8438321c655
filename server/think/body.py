"""The body of `POST /v1/think`. It is ours alone, so a field that it does not have is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from ...nodes.budget import Effort
from ...nodes.values import Kind
from ..accepted import NULL, either, said
from ..chat.accepted import NEEDS
from ..chat.body import Count, Generations, Metadata, NeedsBody, Seed
from ..models import ALIAS
from ..responses.body import refusal_of_body

MAX_MESSAGES = 1_000


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TurnBody(_Edge):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str


def _one_of_both(schema: dict[str, Any]) -> None:
    """Say that a question or messages are there, and not both."""
    schema["oneOf"] = [
        {"required": [given], "properties": {given: {"not": NULL}, other: NULL}}
        for given, other in (("question", "messages"), ("messages", "question"))
    ]


class ThinkBody(_Edge):
    """A question, or a conversation that ends with one, and how much it may cost."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra=_one_of_both
    )

    question: Annotated[str | None, Field(description="In place of messages.")] = None
    messages: Annotated[
        list[TurnBody] | None,
        Field(
            description="In place of a question; the last one is the user's.",
            min_length=1,
            max_length=MAX_MESSAGES,
        ),
    ] = None
    model: Annotated[str, Field(description="A name that /v1/models lists.")] = ALIAS
    effort: Annotated[
        Effort | None, Field(description="The dial; the server's default where there is none.")
    ] = None
    task_kind: Annotated[
        Kind | None,
        Field(description="What sort of answer is wanted; inferred where it is not said."),
    ] = None
    max_generations: Annotated[
        Generations | None,
        Field(
            description="Whole sampled answers, over those of the effort; 0 asks the model once."
        ),
    ] = None
    max_thinking_tokens: Annotated[
        Count | None, Field(description="Generated tokens, thrown away or not.")
    ] = None
    max_answer_tokens: Annotated[Count | None, Field(description="Of one whole answer.")] = None
    deadline_s: Annotated[
        float | None,
        Field(description="Seconds until there is an answer.", gt=0, allow_inf_nan=False),
    ] = None
    needs: Annotated[
        NeedsBody | None, Field(description="What is enough."), said(either(NULL, NEEDS))
    ] = None
    policy: Annotated[
        str | None,
        Field(description="A stored policy, NAME or NAME@VERSION, or builtin.", min_length=1),
    ] = None
    strategy: Annotated[
        dict[str, JsonValue] | None,
        Field(description="The name of an algorithm and its numbers, in place of a policy."),
    ] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    seed: Seed | None = None
    metadata: Annotated[Metadata | None, Field(description="Kept with the trace.")] = None
    stream: Annotated[bool, Field(description="Events instead of one reply.")] = False

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.question is None) == (self.messages is None):
            raise ValueError("give a question or messages, one of them")
        return self


def read_body(raw: bytes) -> ThinkBody:
    """Return the body.

    Raises:
        Refusal: 400; it is no JSON, no object, or a field has a bad value.
    """
    try:
        return ThinkBody.model_validate_json(raw)
    except ValidationError as error:
        raise refusal_of_body(error) from error
