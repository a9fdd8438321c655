"""Turns the body of a chat request into what the engine is asked; the only place that knows both."""

from __future__ import annotations

from ...nodes.budget import EFFORTS, GENERATIONS, Budget, Effort
from ...nodes.needs import Needs
from ...nodes.values import Message, Role
from ..engine import Ask
from ..errors import Refusal, bad_request
from .body import ChatBody, Limits, NeedsBody, Turn

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
THINKING_PARTS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""Parts in which some clients send an assistant's earlier thinking back; not read."""


def to_ask(body: ChatBody, default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    Raises:
        Refusal: 400, with the field that is wrong or not supported yet.
    """
    if name := body.unsupported():
        raise _unsupported(name)
    messages = tuple(_message(turn, f"messages[{i}]") for i, turn in enumerate(body.messages))
    last = f"messages[{len(messages) - 1}]"
    if messages[-1].role != "user":
        raise bad_request("the last message must be the user's", f"{last}.role")
    if not messages[-1].content.strip():
        raise bad_request("the last message is empty", f"{last}.content")
    limits = body.forethought or Limits()
    effort = body.reasoning_effort or default_effort
    generations = limits.max_generations
    if generations is None:
        generations = GENERATIONS[effort]
    return Ask(
        messages=messages,
        effort=_effort_for(generations, effort),
        budget=Budget(
            generations=generations,
            tokens=limits.max_thinking_tokens,
            deadline_s=limits.deadline_s,
        ),
        kind=limits.task_kind,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        seed=body.seed,
        live=bool(body.stream),
        needs=_needs(limits.needs),
        face="chat",
    )


def _needs(body: NeedsBody | None) -> Needs | None:
    if body is None:
        return None
    return Needs(confidence=body.confidence, seconds=body.seconds, tokens=body.tokens)


def _effort_for(generations: int, asked: Effort) -> Effort:
    """Return `asked`, unless the caller's own budget says thinking where it says none or the other
    way round; then the least effort that allows as much."""
    if (generations == 0) == (asked == "none"):
        return asked
    enough: list[Effort] = [e for e in EFFORTS if GENERATIONS[e] >= generations]
    return enough[0] if enough else "max"


def _message(turn: Turn, where: str) -> Message:
    if turn.role in ("tool", "function"):
        raise _unsupported(f"{where}.role", f"messages of role {turn.role!r}")
    if turn.role not in ROLES:
        names = ", ".join(ROLES)
        raise bad_request(
            f"{where}.role must be one of {names}, not {turn.role!r}", f"{where}.role"
        )
    for name, value in (("tool_calls", turn.tool_calls), ("function_call", turn.function_call)):
        if value:
            raise _unsupported(f"{where}.{name}")
    role = ROLES[turn.role]
    if turn.content is None and role != "assistant":
        raise bad_request(f"{where}.content is missing", f"{where}.content")
    return Message(role, _text(turn, f"{where}.content"))


def _text(turn: Turn, where: str) -> str:
    if turn.content is None or isinstance(turn.content, str):
        return turn.content or ""
    texts = []
    for number, part in enumerate(turn.content):
        if turn.role == "assistant" and part.type in THINKING_PARTS:
            continue
        if part.type != "text":
            raise _unsupported(f"{where}[{number}].type", f"content parts of type {part.type!r}")
        if part.text is None:
            raise bad_request(f"{where}[{number}].text is missing", f"{where}[{number}].text")
        texts.append(part.text)
    return "".join(texts)


def _unsupported(param: str, what: str | None = None) -> Refusal:
    message = f"{param} is not supported yet" if what is None else f"{what} are not supported yet"
    return bad_request(message, param, "unsupported")
