"""What the OpenAPI document says of errors, of bodies that are read by hand, and of event streams.

Every status that a route can answer with is named; `tests/server/openapi` holds the document to what the
server does, both ways.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, TypeAdapter

Responses = dict[int | str, dict[str, Any]]  # FastAPI's own type
RUN = (400, 401, 403, 404, 409, 413, 421, 422, 429, 500, 502, 503, 504)
"""What a run may be refused with, or fail with."""
READ = (400, 401, 403, 404, 421, 500, 503)
"""What reading something stored may be refused with."""
MEANS = {
    400: "The request is wrong; `error.param` names the field.",
    401: "The API key is missing, wrong or revoked.",
    403: "A page of another site asks, which the operator has not listed.",
    404: "There is no such thing, or none that this key may see.",
    409: "It cannot be done any more, or the run was cancelled, or the idempotency key is in use.",
    413: "The body is too large.",
    421: "The Host header is no name of this server, which asks for no keys.",
    422: "The idempotency key came with another body before.",
    429: "The key has spent what it may; `Retry-After` says for how long.",
    500: "A fault of the server; its log has the details.",
    502: "A model server failed, or gave no answer that can be used.",
    503: "No room, or the store cannot be read, or the server is stopping.",
    504: "The deadline came, or a model server's time was over, before there was an answer.",
}
TRACE = {
    "X-Forethought-Trace-Id": {
        "description": "Where the run is stored; there as soon as a run has begun.",
        "schema": {"type": "string"},
    }
}
LATER = {
    "Retry-After": {
        "description": "Seconds after which it is worth another try.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The request is answered once under this key, however often it is sent.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
}


class ErrorDetail(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="forbid")

    message: str
    type: str
    """Whose fault it is: `invalid_request_error`, `server_error`; of a rate limit, what ran out."""
    param: str | None
    """Where in the request the fault is."""
    code: str | None


class ErrorReply(BaseModel):
    """OpenAI's error object."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail


class ForethoughtReply(BaseModel):
    """What OpenAI has no field for."""

    model_config = ConfigDict(extra="forbid")

    trace_id: str
    effort: str
    stop_reason: str
    confidence: float | None
    probability: float | None
    needs_met: bool | None
    answer: str | None
    generations: int
    seconds: float
    difficulty: dict[str, float] | None
    strategy: str | None
    policy: str | None
    verifier_tokens: int
    faults: list[str]


class Documented(FastAPI):
    """An application whose document names no status that it never answers with."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, without FastAPI's own 422: here it is 400, in OpenAI's form."""
        document = super().openapi()
        for operations in document["paths"].values():
            for operation in operations.values():
                if operation["responses"].get("422", {}).get("description") == "Validation Error":
                    del operation["responses"]["422"]
        schemas = document.get("components", {}).get("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document


def errors(statuses: tuple[int, ...]) -> Responses:
    """Return the documentation of error replies."""
    told: Responses = {}
    for status in statuses:
        told[status] = {"model": ErrorReply, "description": MEANS[status]}
        if status in (429, 503):
            told[status]["headers"] = LATER
        if status in (409, 502, 504):
            told[status]["headers"] = TRACE
    return told


@cache
def inlined(schema_of: Any) -> dict[str, Any]:  # any type that pydantic knows
    """Return the JSON schema of a type without references, for a place that FastAPI does not fill.

    Made once for each type, and shared: nobody changes it.
    """
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


def run_request(schema_of: Any) -> dict[str, Any]:
    """Return the part of an operation that describes a request of a run."""
    return json_request(schema_of) | {"parameters": [IDEMPOTENCY_KEY]}


def event_stream(schema_of: Any, *, last: str | None = None) -> dict[str, Any]:
    """Return the content of a stream whose events each hold JSON of this type.

    Args:
        schema_of: Any type that pydantic knows.
        last: What the last event holds in place of JSON; None where it is no different.
    """
    told = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": inlined(schema_of),
    }
    data: dict[str, Any] = told if last is None else {"anyOf": [{"const": last}, told]}
    event = {"type": "object", "properties": {"data": data}, "required": ["data"]}
    return {"text/event-stream": {"itemSchema": event}}
