"""Finds the final answer in a solution.

The last balanced `\\boxed{...}` wins; else what follows the last "answer is" or "Answer:", which for
mathematics must be a number or a formula, not a sentence. Nothing is guessed beyond that: a solution
that states no answer has none. JSON, tool calls and programs are found by `blocks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..values import Kind
from .blocks import last_json, last_program, last_tool_calls
from .plain import number_key

_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_STATED = re.compile(
    r"(?:final\s+answer|answer)\s*(?:is|:|=)\s*(?::\s*)?(?P<answer>[^\n]+)", re.IGNORECASE
)
_CHOICE = re.compile(r"\(?\b([A-Z])\b\)?")
_INLINE = re.compile(r"(?:\$|\\\()(?P<math>[^$]+?)(?:\$|\\\))")
_TRAILING = " \t.*_`"
_FINDERS: dict[Kind, Callable[[str], str | None]] = {
    "json": last_json,
    "tool_call": last_tool_calls,
    "code": last_program,
}


def last_boxed(text: str) -> str | None:
    """Return the content of the last complete `\\boxed{...}`; None when there is none."""
    for match in reversed(list(_BOXED.finditer(text))):
        depth = 1
        for position in range(match.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            if depth == 0:
                return text[match.end() : position].strip()
    return None


def extract_answer(text: str, kind: Kind) -> str | None:
    """Return the final answer that `text` states, as written; None when it states none."""
    if kind == "free":
        return None
    if kind in _FINDERS:
        return _FINDERS[kind](text)
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed or None
    stated = [match["answer"] for match in _STATED.finditer(text)]
    if not stated:
        return None
    answer = stated[-1].strip(_TRAILING)
    if kind == "choice" and (letter := _CHOICE.search(answer)):
        return letter[1]
    if kind in ("math", "number"):
        inline = _INLINE.fullmatch(answer)
        answer = inline["math"] if inline else answer
        return answer if inline or number_key(answer) else None
    return answer or None
