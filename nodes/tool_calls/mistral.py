"""Calls after `[TOOL_CALLS]`: a JSON list of calls, or a name and its arguments after each mark.

Mistral's instruct tokenizers: a list up to version 7, `name[ARGS]{...}` from version 11 on, with
`[CALL_ID]` between in some (docs.mistral.ai, tokenization).
"""

from __future__ import annotations

import re

from ..values import ToolCall
from .spoken import Malformed, Spoken, call_from, values_in, without_end

MARK = "[TOOL_CALLS]"
_NAMED = re.compile(
    r"\s*(?P<name>[\w.\-]+)\s*(?:\[CALL_ID\][^\[{]*)?(?:\[ARGS\])?\s*(?P<arguments>\{.*\})\s*",
    re.DOTALL,
)


def mistral_calls(text: str) -> Spoken | None:
    """Return what `text` says; None where it has no mark.

    Raises:
        Malformed: what follows a mark is no call.
    """
    if MARK not in text:
        return None
    words, *marked = without_end(text).split(MARK)
    calls = [call for piece in marked for call in _calls(piece.strip())]
    return Spoken(words=words.strip(), calls=tuple(calls))


def _calls(piece: str) -> list[ToolCall]:
    named = _NAMED.fullmatch(piece)
    if named is None:
        return list(map(call_from, values_in(piece)))
    values = values_in(named["arguments"])
    if len(values) != 1:
        raise Malformed("a call has more than one object of arguments")
    return [call_from({"name": named["name"], "arguments": values[0]})]
