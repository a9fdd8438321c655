"""What a reply says: words, calls of tools, or both.

Nothing is made up: what looks like a call and is none in full is `Malformed`, as a whole, since half of
what a model wanted to call is something that it did not want.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..equality.structure import DECODER, NOT_JSON, as_written, read_arguments
from ..values import ToolCall

_SPECIAL = re.compile(r"(?:\s*(?:<\|[a-z_]+\|>|</s>))+\s*$")
"""Special tokens that end a turn: they are in the text where calls are made of special tokens too."""
_BETWEEN = re.compile(r"[\s;,]*")


class Malformed(ValueError):
    """A text that begins a call, and is no call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A reply, read."""

    words: str
    """Stripped; empty where there are only calls."""
    calls: tuple[ToolCall, ...] = ()
    """In their order; their ids are empty."""


def without_end(text: str) -> str:
    """Return `text` without the special tokens that end a turn."""
    return _SPECIAL.sub("", text).strip()


def call_from(value: Any) -> ToolCall:
    """Return the call that a JSON value read by `DECODER` is; arguments may be left out.

    Raises:
        Malformed: it is none.
    """
    if isinstance(value, dict) and "name" not in value and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or type(value.get("name")) is not str or not value["name"]:
        raise Malformed("a call has no name")
    given = value.get("arguments", value.get("parameters"))
    try:
        return ToolCall(id="", name=value["name"], arguments=as_written(read_arguments(given)))
    except NOT_JSON as exc:
        raise Malformed(f"the arguments of {value['name']} are no JSON object") from exc


def values_in(text: str) -> list[Any]:
    """Return JSON values that stand one after another, and the values inside lists among them.

    Raises:
        Malformed: something else stands there too, or nothing at all.
    """
    found: list[Any] = []
    position = 0
    while position < len(text):
        try:
            value, end = DECODER.raw_decode(text, position)
        except NOT_JSON as exc:
            raise Malformed("a call is no JSON") from exc
        found += value if isinstance(value, list) else [value]
        position = _after_gap(text, end)
    if not found:
        raise Malformed("a call is empty")
    return found


def calls_json(calls: Sequence[ToolCall]) -> str:
    """Return calls as one JSON list, as votes and traces hold them."""
    each = (f'{{"name":{as_written(c.name)},"arguments":{c.arguments}}}' for c in calls)
    return f"[{','.join(each)}]"


def calls_of(answer: str) -> tuple[ToolCall, ...]:
    """Return the calls that `calls_json` wrote; none of any other text."""
    try:
        value = DECODER.decode(answer)
    except NOT_JSON:
        return ()
    listed = isinstance(value, list) and all(
        isinstance(one, dict) and list(one) == ["name", "arguments"] for one in value
    )
    try:
        return tuple(map(call_from, value)) if listed else ()
    except Malformed:
        return ()


def _after_gap(text: str, position: int) -> int:
    gap = _BETWEEN.match(text, position)
    return gap.end() if gap else position
