"""Calls as bare JSON at the end of a text: Llama 3, and models that were shown no other form.

`{"name": ..., "parameters": {...}}`, several apart by semicolons or in a list, after `<|python_tag|>` or
in a fenced block too (Llama 3.1 model card, JSON based tool calling). Bare JSON may be an answer in words, so only what
has a name and arguments is a call.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .spoken import Malformed, Spoken, call_from, values_in, without_end

PYTHON_TAG = "<|python_tag|>"
_OPENER = re.compile(r'(?:\[\s*)*\{\s*"(?:name|type|id|function)"\s*:\s*(?:"(?P<named>[^"]*)")?')
_FENCE = re.compile(r"```\w*\s*$")
_ATTEMPTS = 20
"""Openers that are tried; a hostile text has thousands."""
_ARGUMENTS = ("arguments", "parameters")


def bare_calls(text: str, names: Collection[str]) -> Spoken | None:
    """Return what `text` says; None where it does not end in calls.

    Raises:
        Malformed: it begins a call of a tool among `names`, and is no call.
    """
    text = without_end(text)
    words, tag, rest = text.partition(PYTHON_TAG)
    if tag:
        return Spoken(words=words.strip(), calls=tuple(map(call_from, values_in(rest.strip()))))
    openers = list(_OPENER.finditer(text))
    for opener in openers[:_ATTEMPTS]:
        spoken = _read(text, opener.start())
        if spoken is not None:
            return spoken
    if any(opener["named"] in names for opener in openers):
        raise Malformed("a call is begun and not ended")
    return None


def _read(text: str, start: int) -> Spoken | None:
    """Return what `text` says if all from `start` on is calls."""
    words, rest = text[:start].rstrip(), text[start:]
    if fence := _FENCE.search(words):
        words, rest = words[: fence.start()], rest.removesuffix("```").rstrip()
    try:
        values = values_in(rest)
        if not all(_has_arguments(value) for value in values):
            return None
        return Spoken(words=words.strip(), calls=tuple(map(call_from, values)))
    except Malformed:
        return None


def _has_arguments(value: object) -> bool:
    inner = value.get("function") if isinstance(value, dict) and "name" not in value else value
    return isinstance(inner, dict) and any(name in inner for name in _ARGUMENTS)
