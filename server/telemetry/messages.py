"""Texts as OpenTelemetry's conventions want them in an attribute: JSON of messages made of parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ...nodes.candidate import Step
from ...nodes.values import Completion, Message


def asked_messages(messages: Sequence[Message], prefix: Sequence[Step] = ()) -> str:
    """Return a conversation, with the beginning of the answer that is to be continued."""
    told = [_message(message.role, message.content) for message in messages]
    if prefix:
        told.append(_message("assistant", "".join(step.text for step in prefix)))
    return _json(told)


def given_messages(completions: Iterable[Completion]) -> str:
    """Return what was sampled."""
    return _json([_message("assistant", c.text) | {"finish_reason": c.end} for c in completions])


def said_messages(text: str) -> str:
    """Return an answer."""
    return _json([_message("assistant", text)])


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _json(messages: list[dict[str, object]]) -> str:
    return json.dumps(messages, ensure_ascii=False)
