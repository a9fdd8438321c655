"""What of a request is accepted, as JSON schema, where the types of its body say less.

Bodies are read leniently, and what is wrong or not built is refused in our own words; the OpenAPI
document has to say beforehand what will be. `tests/server/openapi` holds both to each other.
"""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator, WithJsonSchema

Schema = dict[str, Any]  # JSON
NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}


def _as_integer(value: object) -> object:
    """Return 7 for 7.0: JSON knows no difference, and some clients write all numbers so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_as_integer)
"""Makes an integer of a number that is one, however it is written."""


def said(schema: Schema) -> WithJsonSchema:
    """Return what makes the document say `schema` of a field."""
    return WithJsonSchema(schema)


def either(*schemas: Schema) -> Schema:
    """Return the schema of what one of these takes."""
    return {"anyOf": list(schemas)}


def one_of(*values: object) -> Schema:
    """Return the schema of one of these values."""
    return {"enum": list(values)}


def listed(items: Schema, **rest: object) -> Schema:
    """Return the schema of a list of these."""
    return {"type": "array", "items": items, **rest}


def shaped(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these fields; others are let through."""
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
    }


NO_LIST = either(NULL, {"type": "array", "maxItems": 0})
NOTHING = said(NULL)
NO_ITEMS = said(NO_LIST)
NO_FIELDS = said(either(NULL, {"type": "object", "maxProperties": 0}))
OFF = said(one_of(None, False))
ZERO = said(one_of(None, 0))
