"""What of a chat request's messages and formats is accepted, as JSON schema."""

from __future__ import annotations

from ..accepted import NAME, NO_LIST, NULL, TEXT, either, listed, one_of, shaped

TEXT_PART = shaped({"type": one_of("text"), "text": TEXT})
THINKING_PART = shaped(
    {"type": one_of("reasoning", "thinking", "redacted_thinking")}, text=either(TEXT, NULL)
)
CALLED = shaped({"name": NAME, "arguments": TEXT})
CALL = shaped({"id": NAME, "function": CALLED})
OTHERS = {"tool_calls": NO_LIST, "function_call": NULL, "tool_call_id": either(TEXT, NULL)}
TURN = either(
    shaped(
        {
            "role": one_of("system", "developer", "user"),
            "content": either(TEXT, listed(TEXT_PART)),
        },
        **OTHERS,
    ),
    shaped(
        {"role": one_of("assistant")},
        **OTHERS
        | {
            "content": either(TEXT, NULL, listed(either(TEXT_PART, THINKING_PART))),
            "tool_calls": either(NULL, listed(CALL)),
        },
    ),
    shaped(
        {
            "role": one_of("tool"),
            "content": either(TEXT, listed(TEXT_PART)),
            "tool_call_id": TEXT,
        },
        tool_calls=NO_LIST,
        function_call=NULL,
    ),
)
"""Beside this, the last one is the user's, with words in it, or a tool's; a tool's names a call that was
made before it; arguments are a JSON object."""
TURNS = listed(TURN, minItems=1)
JSON_SCHEMA = shaped({"schema": {"type": "object"}})
FORMAT = either(
    NULL,
    shaped({"type": one_of("text", "json_object")}, json_schema=either(NULL, JSON_SCHEMA)),
    shaped({"type": one_of("json_schema"), "json_schema": JSON_SCHEMA}),
)
NEEDED = {
    "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "seconds": {"type": "number", "exclusiveMinimum": 0},
    "tokens": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
NEEDS = either(
    *(
        {
            "type": "object",
            "properties": {name: either(one, NULL) for name, one in NEEDED.items()}
            | {given: NEEDED[given]},
            "required": [given],
            "additionalProperties": False,
        }
        for given in NEEDED
    )
)
"""At least one of them is there."""
