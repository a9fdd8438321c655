"""What the caller gets of a candidate: words, calls of tools, or JSON, in the terms of the question.

A reply is as it was asked for, or there is none: JSON that is not of the schema, and calls that are
malformed or of tools that nobody has, are never handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .equality.base import Equality
from .errors import NoCandidate
from .state import Answer
from .tool_calls.ids import with_ids
from .tool_calls.read import read_reply
from .tool_calls.spoken import Malformed, calls_of
from .values import Question, ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """What the caller gets of one candidate."""

    text: str
    """Beside the calls; empty where there are only these."""
    calls: tuple[ToolCall, ...] = ()
    """Without ids."""


def replied(text: str, answer: str | None, question: Question) -> Replied:
    """Return what a candidate of this text replies; `answer` is what was found in it, a valid one.

    A text that was cut, and holds no answer yet, is given as it is, where words will do.

    Raises:
        NoCandidate: it is no reply to this question.
    """
    if question.callable_tools:
        calls = calls_of(answer or "")
        words = _words(text, question)
        if calls:
            return Replied(text=words, calls=calls)
        if question.tool_choice != "auto":
            raise NoCandidate("no sample called a tool, as it had to")
        text = words
    if question.schema is not None:
        if answer is None:
            raise NoCandidate("no sample is JSON of the schema")
        return Replied(text=answer)
    return Replied(text=cut_at(text, question.stop))


async def as_asked(answer: Answer, question: Question, equality: Equality, trace_id: str) -> Answer:
    """Return the answer of a run as its caller asked for it.

    Raises:
        NoCandidate: no sample is a reply to this question.
    """
    if question.callable_tools or question.schema is not None:
        await _check(answer, question, equality)
    reply = replied(answer.text, answer.answer, question)
    return replace(answer, text=reply.text, tool_calls=with_ids(reply.calls, trace_id))


def cut_at(text: str, stop: Sequence[str]) -> str:
    """Return `text` before the first of `stop`."""
    ends = [end for one in stop if (end := text.find(one)) >= 0]
    return text[: min(ends)] if ends else text


async def _check(answer: Answer, question: Question, equality: Equality) -> None:
    """Refuse a winner that had no vote: then none of the samples had one."""
    wanted = "a valid call" if question.callable_tools else "JSON of the schema"
    if not answer.whole:
        if question.schema is not None or question.tool_choice != "auto":
            raise NoCandidate(f"every sample was cut before it was {wanted}; allow more tokens")
        return
    stated = [] if answer.answer is None else [answer.answer]
    if not any(await equality.keys(stated, question.kind)):
        raise NoCandidate(f"no sample is {wanted}")


def _words(text: str, question: Question) -> str:
    try:
        return read_reply(text, {tool.name: tool for tool in question.callable_tools}).words
    except Malformed as exc:
        raise NoCandidate("every sample was cut inside a call; allow more tokens") from exc
