"""What a client may pass to the tools: their input schemas, and one sentence for what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ...nodes.budget import Effort
from ...nodes.values import Kind
from ..errors import bad_request

MAX_CHARACTERS = 400_000
"""Of a question or its context; a model's own limit is usually lower, and is told by its server."""
A = TypeVar("A", bound=BaseModel)


class ThinkArguments(BaseModel):
    """The arguments of `think`."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARACTERS)
    ] = Field(description="The question or task, complete in itself.")
    context: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CHARACTERS)] = (
        Field(
            default="",
            description="Facts, data or text that the answer should rest on. The thinker sees nothing "
            "else of the conversation.",
        )
    )
    effort: Effort | None = Field(
        default=None,
        description="How much to think at most: none asks once, minimal to max draw up to 2, 4, "
        "16, 64, 128, 256 answers. Leave it out for the server's default.",
    )
    answer_kind: Kind | None = Field(
        default=None,
        description="The sort of final answer, by which answers are compared: math (a value or "
        "expression), number, choice (the letter of an option), text (a few words), json, "
        "tool_call, code (a program), free (prose). Guessed when left out.",
    )


class TraceArguments(BaseModel):
    """The arguments of `read_trace`."""

    model_config = ConfigDict(extra="forbid")

    trace_id: Annotated[
        str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9A-Fa-f-]{36}$")
    ] = Field(description="The whole `trace_id` that `think` gave.")
    # A beginning would do for the store, but could be guessed: whoever has no id sees no trace.


def read_arguments(model: type[A], given: Mapping[str, object]) -> A:
    """Return the arguments.

    Raises:
        Refusal: they do not fit the schema; the message names each that is wrong.
    """
    try:
        return model.model_validate(dict(given))
    except ValidationError as exc:
        wrong = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
        raise bad_request(f"bad arguments: {'; '.join(wrong)}") from exc
