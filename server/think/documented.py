"""What the OpenAPI document says about errors and about bodies that are read by hand."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    """Whose fault it is: `invalid_request_error`, `server_error`; of a rate limit, what ran out."""
    param: str | None
    """Where in the request the fault is."""
    code: str | None


class ErrorReply(BaseModel):
    """OpenAI's error object."""

    error: ErrorDetail


ERRORS: dict[int | str, dict[str, Any]] = {  # FastAPI's own type
    "4XX": {"model": ErrorReply, "description": "The request is wrong, or may not be made."},
    "5XX": {"model": ErrorReply, "description": "There is no answer; `error.code` says why."},
}


def inlined(schema_of: Any) -> dict[str, Any]:  # any type that pydantic knows
    """Return the JSON schema of a type without references, for a place that FastAPI does not fill."""
    schema = TypeAdapter(schema_of).json_schema()
    definitions = schema.pop("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(piece) for piece in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return resolved(definitions[part["$ref"].rsplit("/", 1)[-1]])
        return {name: resolved(value) for name, value in part.items() if name != "discriminator"}

    inline: dict[str, Any] = resolved(schema)
    return inline


def json_request(schema_of: Any) -> dict[str, Any]:
    """Return the part of an operation that describes a JSON body of this type."""
    content = {"application/json": {"schema": inlined(schema_of)}}
    return {"requestBody": {"required": True, "content": content}}
