"""Turns the body of a think request into what the engine is asked."""

from __future__ import annotations

from ...nodes.algorithms.base import Strategy
from ...nodes.budget import Effort
from ...nodes.values import Message, Role
from ..chat.ask import kept_metadata
from ..chat.body import Limits
from ..chat.dial import to_dial, to_needs
from ..chat.terms import to_strategy
from ..engine import Ask
from ..errors import Refusal, bad_request
from .body import ThinkBody

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


def to_ask(body: ThinkBody, default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    Raises:
        Refusal: 400, with the field that is wrong.
    """
    limits = Limits(
        max_generations=body.max_generations,
        max_thinking_tokens=body.max_thinking_tokens,
        deadline_s=body.deadline_s,
        task_kind=body.task_kind,
        needs=body.needs,
        strategy=body.strategy,
    )
    dial = to_dial(body.effort, limits, default_effort)
    return Ask(
        messages=_messages(body),
        effort=dial.effort,
        budget=dial.budget,
        kind=body.task_kind,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_answer_tokens,
        seed=body.seed,
        live=body.stream,
        needs=to_needs(body.needs),
        policy=body.policy,
        strategy=_strategy(limits, thinks=dial.budget.generations > 0),
        kept=kept_metadata(body.metadata),
        face="think",
    )


def _strategy(limits: Limits, *, thinks: bool) -> Strategy | None:
    """Return the strategy; a refusal of it names the field as it is called here."""
    try:
        return to_strategy(limits, thinks=thinks)
    except Refusal as refusal:
        message, param = refusal.message, refusal.param or ""
        nested = "forethought."
        raise bad_request(message.removeprefix(nested), param.removeprefix(nested)) from refusal


def _messages(body: ThinkBody) -> tuple[Message, ...]:
    if body.question is not None:
        if not body.question.strip():
            raise bad_request("the question is empty", "question", "invalid_value")
        return (Message("user", body.question),)
    messages = tuple(Message(ROLES[turn.role], turn.content) for turn in body.messages or ())
    last = f"messages[{len(messages) - 1}]"
    if messages[-1].role != "user":
        raise bad_request("the last message must be the user's", f"{last}.role", "invalid_value")
    if not messages[-1].content.strip():
        raise bad_request("the last message is empty", f"{last}.content", "invalid_value")
    return messages
