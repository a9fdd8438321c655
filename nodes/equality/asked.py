"""Keys for one question that may be answered by calling its tools, or has to be JSON of its schema.

A call of a tool that does not exist, or with arguments that are not of its schema, takes no part in a
vote; nor does JSON that is not of the schema. Calls are equal by names and arguments. A reply in words
beside them is an answer of its own: equal by the kind that was declared, and where none was, all such
replies are one, which says that nothing is to be called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ..tool_calls.read import read_reply
from ..tool_calls.spoken import Malformed, calls_json, calls_of
from ..values import Kind, Question, ToolCall
from .base import Equality
from .blocks import last_json
from .extract import extract_answer
from .structure import json_key, tool_call_key

WORDS_KEY = "w:"


class Checks(Protocol):
    """Says whether values are of schemas. Implementation: `verifiers/json_schema.py`."""

    async def fits(self, schema: str, value: str) -> bool:
        """Say whether `value`, JSON as text, is of `schema`."""
        ...


class AskedKeys:
    """Finds and compares the answers of one question."""

    def __init__(self, others: Equality, question: Question, checks: Checks) -> None:
        self._others = others
        self._question = question
        self._checks = checks
        self._tools = {tool.name: tool for tool in question.callable_tools}

    def find(self, text: str) -> str | None:
        """Return the calls in `text` as JSON, else what its words answer."""
        if not self._tools:
            return last_json(text)
        try:
            spoken = read_reply(text, self._tools)
        except Malformed:
            return None
        return calls_json(spoken.calls) if spoken.calls else self._in_words(spoken.words)

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        """Return one key an answer, in their order; None for one that takes no part in a vote."""
        once = list(dict.fromkeys(answers))
        keys = dict(zip(once, await asyncio.gather(*map(self._key, once)), strict=True))
        return [keys[answer] for answer in answers]

    def _in_words(self, words: str) -> str | None:
        question = self._question
        if not words or question.tool_choice != "auto":
            return None
        if question.schema is not None:
            return last_json(words)
        return words if question.words == "free" else extract_answer(words, question.words)

    async def _key(self, answer: str) -> str | None:
        schema = self._question.schema
        if self._tools and (calls := calls_of(answer)):
            return tool_call_key(answer) if await self._may_call(calls) else None
        if schema is not None:
            return json_key(answer) if await self._checks.fits(schema, answer) else None
        if self._question.words == "free":
            return WORDS_KEY
        return (await self._others.keys([answer], self._question.words))[0]

    async def _may_call(self, calls: Sequence[ToolCall]) -> bool:
        if len(calls) > 1 and not self._question.parallel_tool_calls:
            return False
        tools = [self._tools.get(call.name) for call in calls]
        for call, tool in zip(calls, tools, strict=True):
            if tool is None or not await self._checks.fits(tool.parameters, call.arguments):
                return False
        return True


def keys_for(question: Question, others: Equality, checks: Checks) -> Equality:
    """Return what compares answers to `question`: `others`, unless it has terms of its own."""
    if question.callable_tools or question.schema is not None:
        return AskedKeys(others, question, checks)
    return others
