"""Calls as `<function=NAME>` with a tag for each argument: Qwen3-Coder.

    <tool_call>
    <function=get_weather>
    <parameter=city>
    Oslo
    </parameter>
    </function>
    </tool_call>

The form is that of the model's chat template; `<tool_call>` may be missing around it, as some samples
leave it out, and instead of arguments in tags there may be one JSON object (Llama 3.1 model card, custom
tool calling). A value is bare text, so the tool's schema says what it is: text where that may be text,
JSON elsewhere. One line break at each end of it belongs to the tags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..equality.structure import DECODER, NOT_JSON
from ..values import ToolCall, ToolSpec
from .schema_types import types_of
from .spoken import Malformed, Spoken, call_from, values_in, without_end

_WRAPPED = re.compile(r"<tool_call>\s*<function=")
_BEGIN = re.compile(r"<function=(?P<name>[^<>\s]+)>\s*")
_PARAMETER = re.compile(r"<parameter=(?P<name>[^<>\n]+)>\n?")
_VALUE_END = re.compile(r"\n?</parameter>\s*(?=<parameter=|</function>)")
"""A closing tag inside a value, of markup that is written, is followed by something else."""
_END = re.compile(r"</function>\s*")
_JSON_BODY = re.compile(r"(?P<value>\{.*?\})\s*(?=</function>)", re.DOTALL)
_AROUND = re.compile(r"</?tool_call>")
_WORDS = {"true": True, "false": False, "null": None, "none": None}


def function_calls(text: str, tools: Mapping[str, ToolSpec]) -> Spoken | None:
    """Return what `text` says; None where no call is written in this form.

    Raises:
        Malformed: a call is begun and is no whole call.
    """
    first = _BEGIN.search(text)
    if first is None or ("<tool_call>" in text[: first.start()] and not _WRAPPED.search(text)):
        return None
    if first["name"] not in tools and not _WRAPPED.search(text):
        return None
    text = without_end(text)
    words, calls, position = list[str](), list[ToolCall](), 0
    while begin := _BEGIN.search(text, position):
        words.append(text[position : begin.start()])
        call, position = _call(text, begin, tools.get(begin["name"]))
        calls.append(call)
    words.append(text[position:])
    if any("<function=" in piece or "</function>" in piece for piece in words):
        raise Malformed("the tags of a function do not pair")
    said = (_AROUND.sub("", piece).strip() for piece in words)
    return Spoken(words="\n\n".join(filter(None, said)), calls=tuple(calls))


def _call(text: str, begin: re.Match[str], tool: ToolSpec | None) -> tuple[ToolCall, int]:
    """Return the call that begins there, and where the text goes on."""
    schema = {} if tool is None else json.loads(tool.parameters)
    given: dict[str, Any] = {}
    position = begin.end()
    if body := _JSON_BODY.match(text, position):
        values = values_in(body["value"])
        given, position = values[0], body.end()
    while parameter := _PARAMETER.match(text, position):
        end = _VALUE_END.search(text, parameter.end())
        if end is None or parameter["name"] in given:
            raise Malformed(f"the argument {parameter['name']} is not whole, or there twice")
        raw = text[parameter.end() : end.start()]
        given[parameter["name"]] = _value(raw, types_of(parameter["name"], schema))
        position = end.end()
    closed = _END.match(text, position)
    if closed is None:
        raise Malformed(f"the call of {begin['name']} is begun and not ended")
    return call_from({"name": begin["name"], "arguments": given}), closed.end()


def _value(raw: str, types: frozenset[str]) -> Any:
    """Return what the bare text of an argument is, given the types it may have; none is any."""
    plain = raw.strip().lower()
    if plain in ("null", "none") and "null" in types:
        return None
    if not types or "string" in types:
        return raw
    if plain in _WORDS:
        return _WORDS[plain]
    try:
        return DECODER.decode(raw.strip())
    except NOT_JSON as exc:
        raise Malformed(f"an argument is not of type {' or '.join(sorted(types))}") from exc
