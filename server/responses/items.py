"""Turns input items into messages: function calls join the assistant's turn that they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...nodes.equality.structure import DECODER, NOT_JSON, as_written, read_arguments
from ...nodes.values import Message, Role, ToolCall
from ..errors import Refusal, bad_request
from .body import CallItem, MessageItem, OtherItem, OutputItem, Part

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
TEXT_PARTS = frozenset({"input_text", "output_text", "text", "summary_text"})
Items = str | Iterable[MessageItem | CallItem | OutputItem | OtherItem]


def to_messages(items: Items) -> tuple[Message, ...]:
    """Return the messages; reasoning of earlier turns is not read.

    Raises:
        Refusal: 400, with the item that is wrong or not supported.
    """
    if isinstance(items, str):
        return (Message("user", items),)
    messages: list[Message] = []
    for number, item in enumerate(items):
        where = f"input[{number}]"
        match item:
            case MessageItem():
                messages.append(_message(item, where))
            case CallItem():
                call = _call(item, where)
                if not messages or messages[-1].role != "assistant":
                    messages.append(Message("assistant", ""))
                last = messages[-1]
                messages[-1] = replace(last, tool_calls=(*last.tool_calls, call))
            case OutputItem():
                text = _text(item.output, f"{where}.output")
                messages.append(Message("tool", text, tool_call_id=item.call_id))
            case OtherItem(type="reasoning"):
                pass
            case OtherItem():
                raise _unsupported(f"{where}.type", f"items of type {item.type!r}")
    return tuple(messages)


def check_conversation(messages: tuple[Message, ...]) -> None:
    """Refuse a conversation that nothing can be answered to.

    Raises:
        Refusal: 400; it does not end with a user's message or a tool's output, or an output answers
            no call.
    """
    known: set[str] = set()
    for message in messages:
        known.update(call.id for call in message.tool_calls)
        if message.role == "tool" and message.tool_call_id not in known:
            text = f"no function call found for the output with call_id {message.tool_call_id!r}"
            raise bad_request(text, "input", "invalid_value")
    if not messages or messages[-1].role not in ("user", "tool"):
        text = "the last item must be the user's message or the output of a function call"
        raise bad_request(text, "input", "invalid_value")
    if messages[-1].role == "user" and not messages[-1].content.strip():
        raise bad_request("the last message is empty", "input", "invalid_value")


def _message(item: MessageItem, where: str) -> Message:
    if item.role not in ROLES:
        names = ", ".join(ROLES)
        text = f"{where}.role must be one of {names}, not {item.role!r}"
        raise bad_request(text, f"{where}.role", "invalid_value")
    return Message(ROLES[item.role], _text(item.content, f"{where}.content"))


def _call(item: CallItem, where: str) -> ToolCall:
    place = f"{where}.arguments"
    try:
        arguments = as_written(read_arguments(DECODER.decode(item.arguments or "{}")))
    except NOT_JSON as exc:
        raise bad_request(f"{place} must be a JSON object", place, "invalid_value") from exc
    return ToolCall(id=item.call_id, name=item.name, arguments=arguments)


def _text(content: str | list[Part], where: str) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for number, part in enumerate(content):
        if part.type != "refusal" and part.type not in TEXT_PARTS:
            raise _unsupported(f"{where}[{number}].type", f"content parts of type {part.type!r}")
        text = part.refusal if part.type == "refusal" else part.text
        if text is None:
            raise bad_request(f"{where}[{number}].text is missing", f"{where}[{number}].text")
        texts.append(text)
    return "".join(texts)


def _unsupported(param: str, what: str) -> Refusal:
    return bad_request(f"{what} are not supported", param, "unsupported")
