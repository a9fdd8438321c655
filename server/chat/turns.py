"""The messages of a chat request as turns of a conversation.

What the assistant thought in earlier turns is not read. A turn of a tool names a call that an assistant
made before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...nodes.equality.structure import DECODER, NOT_JSON, as_written, read_arguments
from ...nodes.values import Message, Role, ToolCall
from ..errors import Refusal, bad_request
from .body import CallBody, Turn

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
THINKING_PARTS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""Parts in which some clients send an assistant's earlier thinking back; not read."""


def to_messages(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """Return the conversation.

    Raises:
        Refusal: 400, with the place that is wrong or not supported.
    """
    messages = tuple(_message(turn, f"messages[{i}]") for i, turn in enumerate(turns))
    _check_calls(messages)
    last, where = messages[-1], f"messages[{len(messages) - 1}]"
    if last.role not in ("user", "tool"):
        raise bad_request("the last message must be the user's or a tool's", f"{where}.role")
    if last.role == "user" and not last.content.strip():
        raise bad_request("the last message is empty", f"{where}.content")
    return messages


def unsupported(param: str, what: str | None = None) -> Refusal:
    """Return the refusal of something that is not built."""
    message = f"{param} is not supported" if what is None else f"{what} are not supported"
    return bad_request(message, param, "unsupported")


def _check_calls(messages: tuple[Message, ...]) -> None:
    known: set[str | None] = set()
    for number, message in enumerate(messages):
        known.update(call.id for call in message.tool_calls)
        if message.role == "tool" and message.tool_call_id not in known:
            where = f"messages[{number}].tool_call_id"
            raise bad_request(f"{where} names no call of an earlier message", where)


def _message(turn: Turn, where: str) -> Message:
    if turn.role == "function":
        raise unsupported(f"{where}.role", "messages of role 'function'")
    if turn.role not in ROLES:
        names = ", ".join(ROLES)
        raise bad_request(
            f"{where}.role must be one of {names}, not {turn.role!r}", f"{where}.role"
        )
    if turn.function_call is not None:
        raise unsupported(f"{where}.function_call")
    role = ROLES[turn.role]
    if turn.tool_calls and role != "assistant":
        raise bad_request(
            f"{where}.tool_calls: only the assistant calls tools", f"{where}.tool_calls"
        )
    if turn.content is None and role != "assistant":
        raise bad_request(f"{where}.content is missing", f"{where}.content")
    calls = enumerate(turn.tool_calls or ())
    return Message(
        role,
        _text(turn, f"{where}.content"),
        tool_calls=tuple(_call(call, f"{where}.tool_calls[{i}]") for i, call in calls),
        tool_call_id=turn.tool_call_id if role == "tool" else None,
    )


def _call(call: CallBody, where: str) -> ToolCall:
    place = f"{where}.function.arguments"
    try:
        arguments = as_written(read_arguments(DECODER.decode(call.function.arguments or "{}")))
    except NOT_JSON as exc:
        raise bad_request(f"{place} must be a JSON object", place) from exc
    return ToolCall(id=call.id, name=call.function.name, arguments=arguments)


def _text(turn: Turn, where: str) -> str:
    if turn.content is None or isinstance(turn.content, str):
        return turn.content or ""
    texts = []
    for number, part in enumerate(turn.content):
        if turn.role == "assistant" and part.type in THINKING_PARTS:
            continue
        if part.type != "text":
            raise unsupported(f"{where}[{number}].type", f"content parts of type {part.type!r}")
        if part.text is None:
            raise bad_request(f"{where}[{number}].text is missing", f"{where}[{number}].text")
        texts.append(part.text)
    return "".join(texts)
