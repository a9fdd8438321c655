"""From what a face asks to what is answered: which kind of answer it wants, and on whose terms."""

from __future__ import annotations

from dataclasses import replace

from ..nodes.kinds import infer_kind
from ..nodes.values import Kind, Question
from .engine import Ask


def question_of(ask: Ask) -> Question:
    """Return the question. Tools that may be called, and a schema, decide the kind of its answer."""
    asked = Question(
        messages=ask.messages,
        kind="free",
        tools=ask.tools,
        tool_choice=ask.tool_choice,
        parallel_tool_calls=ask.parallel_tool_calls,
        schema=ask.schema,
        stop=ask.stop,
    )
    if asked.callable_tools:
        return replace(asked, kind="tool_call", words=_words(ask.kind))
    if ask.schema is not None:
        return replace(asked, kind="json")
    if ask.kind is not None:
        return replace(asked, kind=ask.kind)
    return replace(asked, kind=infer_kind(asked.text), inferred=True)


def _words(declared: Kind | None) -> Kind:
    return "free" if declared in (None, "tool_call") else declared
