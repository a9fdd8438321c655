"""Calls in `<tool_call>` tags, JSON in each: Hermes 2 Pro, Qwen 2.5 and 3, and our own form of calls.

https://github.com/NousResearch/Hermes-Function-Calling; the last closing tag may be missing, as in
vLLM's parser of this name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..values import ToolCall
from .spoken import Malformed, Spoken, call_from, calls_json, values_in, without_end

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_PARTS = re.compile(f"{OPEN}|{CLOSE}")


def hermes_calls(text: str) -> Spoken | None:
    """Return what `text` says; None where it has no tag.

    Raises:
        Malformed: tags do not pair, or what is in one is no call.
    """
    if OPEN not in text and CLOSE not in text:
        return None
    pieces, tags = _PARTS.split(without_end(text)), _PARTS.findall(text)
    words, calls = [pieces[0].strip()], list[ToolCall]()
    for number, (tag, piece) in enumerate(zip(tags, pieces[1:], strict=True)):
        if tag != (OPEN, CLOSE)[number % 2]:
            raise Malformed("the tags of calls do not pair")
        if tag == OPEN:
            calls += map(call_from, values_in(piece.strip()))
        else:
            words.append(piece.strip())
    return Spoken(words="\n\n".join(filter(None, words)), calls=tuple(calls))


def hermes_text(words: str, calls: Sequence[ToolCall]) -> str:
    """Return words and calls as one text that is read back the same."""
    written = [f"{OPEN}\n{calls_json([call])[1:-1]}\n{CLOSE}" for call in calls]
    return "\n".join(filter(None, [words, *written]))
