"""What of a response request is accepted, as JSON schema."""

from __future__ import annotations

from ..accepted import NAME, NULL, TEXT, either, listed, one_of, shaped

PART = either(
    shaped({"type": one_of("input_text", "output_text", "text", "summary_text"), "text": TEXT}),
    shaped({"type": one_of("refusal"), "refusal": TEXT}),
)
WORDS = either(TEXT, listed(PART))
MESSAGE = shaped(
    {"role": one_of("system", "developer", "user", "assistant"), "content": WORDS},
    type=one_of(None, "message"),
)
CALL = shaped({"type": one_of("function_call"), "call_id": NAME, "name": TEXT, "arguments": TEXT})
OUTPUT = shaped({"type": one_of("function_call_output"), "call_id": NAME, "output": WORDS})
REASONING = shaped({"type": one_of("reasoning")})
INPUT = either(
    TEXT,
    listed(either(MESSAGE, CALL, OUTPUT, REASONING), minItems=1, maxItems=1000),
)
"""Beside this, the last item that is no reasoning is the user's message, with words in it, or the output
of a call; an output names a call that was made before it; arguments are a JSON object."""
TOOL = shaped(
    {"type": one_of("function"), "name": NAME},
    description=either(TEXT, NULL),
    parameters=either({"type": "object"}, NULL),
    strict=one_of(None, True, False),
)
TOOLS = either(NULL, listed(TOOL, maxItems=128))
CHOICE = either(
    one_of(None, "auto", "none", "required"),
    shaped({"type": one_of("function"), "name": NAME}),
)
"""One that asks for a call names a tool of the request."""
DESCRIBED = {
    "name": either(TEXT, NULL),
    "description": either(TEXT, NULL),
    "strict": one_of(None, True, False),
}
FORMAT = either(
    NULL,
    shaped(
        {}, type=one_of("text", "json_object"), schema=either({"type": "object"}, NULL), **DESCRIBED
    ),
    shaped({"type": one_of("json_schema"), "schema": {"type": "object"}}, **DESCRIBED),
)
INCLUDED = frozenset(
    {
        "reasoning.encrypted_content",
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
    }
)
"""Asked for, these add nothing here: they belong to tools and inputs that are refused, or, as
`encrypted_content`, hand thinking to a later turn, which needs none."""
