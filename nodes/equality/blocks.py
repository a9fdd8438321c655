"""Finds JSON values and programs in a text: fenced blocks, tool call tags, bare values."""

from __future__ import annotations

import json
import re

from .structure import DECODER, NOT_JSON, is_tool_call

_FENCE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<block>.*?)^[ \t]*(?P=fence)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_TAGGED = re.compile(r"<tool_call>(?P<call>.*?)</tool_call>", re.DOTALL)
_OPENER = re.compile(r"[\[{]")
_BEGUN = re.compile(r"(?:\[\s*)*\{\s*\"")
_ATTEMPTS = 200
"""Openers that may lead nowhere before the search is given up: a hostile text has thousands."""


def fenced(text: str) -> list[str]:
    """Return the content of every closed fenced block, in order."""
    return [match["block"].rstrip("\n") for match in _FENCE.finditer(text)]


def last_program(text: str) -> str | None:
    """Return the last fenced block that is not empty; None when there is none."""
    return next((block for block in reversed(fenced(text)) if block.strip()), None)


def last_json(text: str) -> str | None:
    """Return the last JSON value as written: of a fenced block, else bare; None without one.

    Bare it is an object or an array, or the whole text is one value.
    """
    for block in reversed(fenced(text)):
        if _is_json(block):
            return block.strip()
    if _is_json(text):
        return text.strip()
    return _last_bare(text)


def last_tool_calls(text: str) -> str | None:
    """Return the calls in `<tool_call>` tags as one list, else the last JSON value if it is one."""
    tagged = [match["call"].strip() for match in _TAGGED.finditer(text)]
    if tagged:
        joined = f"[{','.join(tagged)}]"
        return joined if is_tool_call(joined) else None
    value = last_json(text)
    return value if value is not None and is_tool_call(value) else None


def _is_json(text: str) -> bool:
    try:
        DECODER.decode(text.strip())
    except NOT_JSON:
        return False
    return True


def _last_bare(text: str) -> str | None:
    found: str | None = None
    position, failed = 0, 0
    while failed < _ATTEMPTS and (opener := _OPENER.search(text, position)):
        start = opener.start()
        try:
            _, position = DECODER.raw_decode(text, start)
        except json.JSONDecodeError as exc:
            failed += 1
            position = start + 1
            if _BEGUN.match(text, start):  # what is inside a broken object is not the answer
                found, position = None, max(exc.pos, start + 1)
        except NOT_JSON:
            return None
        else:
            found = text[start:position]
    return found
