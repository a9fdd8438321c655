"""Keys of JSON values and of tool calls, by structure.

Order of names, white space and the form of a number do not count: `1`, `1.0` and `10e-1` are one
number, exactly, however long. A number, a string and a truth value are never equal. A tool call is its
name and its arguments; several calls at once are a multiset.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NoReturn

LONGEST_KEY = 200
"""Characters; a longer key is known by its digest."""
_DEEPEST = 100
_NUMBER = re.compile(
    r"(?P<sign>-?)(?P<whole>\d+)(?:\.(?P<part>\d+))?(?:[eE](?P<exponent>[-+]?\d{1,9}))?"
)


class _Number(str):
    """A number as it was written: floats would make long ones equal, and overflow."""

    __slots__ = ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


DECODER = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_refuse)
"""Reads strict JSON; what it raises on anything else is in `NOT_JSON`."""
NOT_JSON = (ValueError, RecursionError)


def json_key(answer: str) -> str | None:
    """Return the key of a JSON value; None for what is none."""
    try:
        return short_key("j", _canonical(DECODER.decode(answer.strip()), _DEEPEST))
    except NOT_JSON:
        return None


def tool_call_key(answer: str) -> str | None:
    """Return the key of a tool call, or of a list of them; None for anything else."""
    try:
        value = DECODER.decode(answer.strip())
        calls = [_call(one) for one in (value if isinstance(value, list) else [value])]
        keys = sorted(_canonical(call, _DEEPEST) for call in calls)
    except NOT_JSON:
        return None
    return short_key("f", ";".join(keys)) if keys else None


def as_written(value: Any) -> str:
    """Return what `DECODER` read as compact JSON: names in their order, numbers as they stood there.

    Raises:
        ValueError: it is nested too deeply.
    """
    return _written(value, _DEEPEST)


def compact_text(value: Any) -> str:
    """Return a JSON value, read by `json.loads`, as one line; its names keep their order, which tells a
    model in which one to write them.

    Raises:
        ValueError: it holds a number that is none in JSON.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def is_tool_call(answer: str) -> bool:
    """Say whether `answer` is a tool call or a list of them."""
    return tool_call_key(answer) is not None


def short_key(kind: str, canonical: str) -> str:
    """Return a key of bounded length."""
    if len(canonical) > LONGEST_KEY:
        canonical = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{canonical}"


def _call(value: Any) -> list[Any]:
    """Return a call's name and arguments; they may be JSON in a string, as OpenAI sends them.

    Raises:
        ValueError: it is no call.
    """
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not _is_text(value.get("name")):
        raise ValueError("no name")
    return [value["name"], read_arguments(value.get("arguments"))]


def read_arguments(value: Any) -> dict[str, Any]:
    """Return the arguments of a call, read by `DECODER`; they may be JSON in a string, or absent.

    Raises:
        ValueError: they are no object.
    """
    if value is None:
        return {}
    if _is_text(value):
        value = DECODER.decode(value.strip() or "{}")
    if isinstance(value, dict):
        return value
    raise ValueError("no arguments")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number)


def _canonical(value: Any, depth: int) -> str:
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)}:{_canonical(value[k], depth - 1)}" for k in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_canonical(one, depth - 1) for one in value) + "]"
    return _number(value) if isinstance(value, _Number) else json.dumps(value)


def _written(value: Any, depth: int) -> str:
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        pairs = (f"{_quoted(name)}:{_written(one, depth - 1)}" for name, one in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one, depth - 1) for one in value) + "]"
    return str(value) if isinstance(value, _Number) else _quoted(value)


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair, which only an escape can hold
        return json.dumps(value)
    return text


def _number(text: str) -> str:
    """Return the exact value: digits without zeros at the ends, and a power of ten."""
    match = _NUMBER.fullmatch(text)
    if match is None:  # its exponent has ten digits or more
        raise ValueError("no number that anybody means")
    part = match["part"] or ""
    digits = (match["whole"] + part).lstrip("0")
    kept = digits.rstrip("0")
    if not kept:
        return "0"
    power = int(match["exponent"] or 0) - len(part) + len(digits) - len(kept)
    return f"{match['sign']}{kept}e{power}" if power else f"{match['sign']}{kept}"
