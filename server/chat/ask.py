"""Turns the body of a chat request into what the engine is asked; the only place that knows both."""

from __future__ import annotations

from ...nodes.budget import EFFORTS, GENERATIONS, Budget, Effort
from ...nodes.needs import Needs
from ..engine import Ask
from .body import ChatBody, Limits, NeedsBody
from .terms import to_choice, to_schema, to_stop, to_strategy, to_tools
from .turns import to_messages, unsupported


def to_ask(body: ChatBody, default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    Raises:
        Refusal: 400, with the field that is wrong or not supported.
    """
    if name := body.unsupported():
        raise unsupported(name)
    messages = to_messages(body.messages)
    limits = body.forethought or Limits()
    effort = body.reasoning_effort or default_effort
    generations = limits.max_generations
    if generations is None:
        generations = GENERATIONS[effort]
    tools = to_tools(body)
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
        policy=limits.policy,
        strategy=to_strategy(limits, thinks=generations > 0),
        tools=tools,
        tool_choice=to_choice(body, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        schema=to_schema(body),
        stop=to_stop(body),
        n=body.n or 1,
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
