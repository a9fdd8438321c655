"""What of an agent's conversation is to be thought over: the question, and the background to it."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

SPEAKERS = {"human": "user", "ai": "assistant"}


def last_question(messages: Sequence[BaseMessage]) -> str | None:
    """Return the newest text of the user; None where there is none."""
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            return message.text.strip() or None
    return None


def background(messages: Sequence[BaseMessage]) -> str | None:
    """Return what was said before the newest question, and what tools found since; None if nothing.

    Calls of tools are left out, and so is earlier thinking.
    """
    newest = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    said = [
        f"{SPEAKERS[m.type]}: {m.text}"
        for m in messages[:newest]
        if isinstance(m, HumanMessage | AIMessage) and m.text.strip()
    ]
    found = [
        f"{m.name or 'tool'}: {m.text}"
        for m in messages[newest + 1 :]
        if isinstance(m, ToolMessage) and m.text.strip()
    ]
    parts = [("The conversation so far:", said), ("What tools have found:", found)]
    return "\n\n".join("\n".join([head, *lines]) for head, lines in parts if lines) or None
