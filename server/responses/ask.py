"""Turns the body of a response request into what the engine is asked, and into the frame of the reply.

The conversation is the instructions, what was said before, and the input, in this order.
"""

from __future__ import annotations

import time

from pydantic import JsonValue

from ...nodes.budget import Effort
from ...nodes.values import Message
from ..chat.body import Limits
from ..chat.dial import to_dial, to_needs
from ..chat.terms import to_strategy
from ..engine import Ask
from ..errors import bad_request
from .body import FormatBody, ReasoningBody, ResponsesBody, ToolBody
from .faces import face_of
from .frame import Frame
from .items import check_conversation, to_messages
from .kept import Kept
from .summary import Detail
from .tools import to_choice, to_schema, to_tools
from .unsupported import check_supported

MAX_MESSAGES = 2_000
"""The longest conversation, that of the responses before it included."""


def to_ask(body: ResponsesBody, before: tuple[Message, ...], default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    Args:
        body: The request.
        before: What was said in the responses before this one.
        default_effort: Of a request that names none.

    Raises:
        Refusal: 400, with the field that is wrong or not supported.
    """
    check_supported(body)
    spoken = (*before, *to_messages(body.input))
    check_conversation(spoken)
    if len(spoken) > MAX_MESSAGES:
        text = f"the conversation is longer than {MAX_MESSAGES} messages"
        raise bad_request(text, "input", "conversation_too_long")
    system = (Message("system", body.instructions),) if body.instructions else ()
    limits = body.forethought or Limits()
    dial = to_dial(_reasoning(body).effort, limits, default_effort)
    tools = to_tools(body)
    return Ask(
        messages=(*system, *spoken),
        effort=dial.effort,
        budget=dial.budget,
        kind=limits.task_kind,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_output_tokens,
        live=bool(body.stream),
        policy=limits.policy,
        strategy=to_strategy(limits, thinks=dial.budget.generations > 0),
        needs=to_needs(limits.needs),
        tools=tools,
        tool_choice=to_choice(body, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        schema=to_schema(body),
        kept=_kept(body).model_dump_json(),
        face=face_of(store=body.store is not False, instructed=bool(system)),
    )


def to_frame(body: ResponsesBody, ask: Ask) -> Frame:
    """Return what the response repeats of its request."""
    kept = Kept.model_validate_json(ask.kept or "{}")
    return Frame(
        model=body.model,
        effort=ask.effort,
        kept=kept,
        instructions=body.instructions,
        store=body.store is not False,
        created_at=kept.created_at or int(time.time()),
    )


def detail_of(body: ResponsesBody) -> Detail:
    """Return how much of the thinking is told."""
    return _asked_detail(body) or "auto"


def _kept(body: ResponsesBody) -> Kept:
    return Kept(
        created_at=int(time.time()),
        model=body.model,
        summary=_asked_detail(body),
        previous_response_id=body.previous_response_id,
        max_output_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        metadata=body.metadata or {},
        text={"format": _format(body)},
        tools=tuple(_tool(tool) for tool in body.tools or ()),
        tool_choice=body.tool_choice or "auto",
        parallel_tool_calls=body.parallel_tool_calls is not False,
    )


def _asked_detail(body: ResponsesBody) -> Detail | None:
    reasoning = _reasoning(body)
    return reasoning.summary or reasoning.generate_summary


def _reasoning(body: ResponsesBody) -> ReasoningBody:
    return body.reasoning or ReasoningBody()


def _format(body: ResponsesBody) -> dict[str, JsonValue]:
    asked = (body.text.format if body.text else None) or FormatBody()
    return asked.model_dump(by_alias=True, exclude_none=True)


def _tool(tool: ToolBody) -> dict[str, JsonValue]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": bool(tool.strict),
    }
