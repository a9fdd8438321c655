"""The form of a reply that has to be calls, as a JSON schema that a server can hold a model to."""

from __future__ import annotations

import json
from typing import Any

from ..equality.structure import compact_text
from ..values import Question

MOST_CALLS = 16


def demanded_schema(question: Question) -> str | None:
    """Return the schema of a list of the calls that are asked for; None where words will do too.

    None as well where a tool's own schema has references, which would lead elsewhere inside another
    schema: then the model writes as it likes, and its calls are only checked.
    """
    tools = question.callable_tools
    if question.tool_choice == "auto" or not tools or any("$ref" in t.parameters for t in tools):
        return None
    several = question.parallel_tool_calls and question.tool_choice == "required"
    calls: list[Any] = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool.name},
                "arguments": json.loads(tool.parameters),
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return compact_text(
        {
            "type": "array",
            "items": {"anyOf": calls} if len(calls) > 1 else calls[0],
            "minItems": 1,
            "maxItems": MOST_CALLS if several else 1,
        }
    )
