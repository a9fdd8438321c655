"""Which JSON types an argument of a tool may have, as far as its schema says so.

Follows references inside the schema, `anyOf`, `oneOf`, `allOf`, `enum` and `const`; what it cannot tell it
leaves open, and whoever checks the value by the schema decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_DEEPEST = 20
_TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


def types_of(name: str, schema: Any) -> frozenset[str]:
    """Return the types that the argument `name` may have; none where any will do."""
    properties = _at(schema, schema, ("properties",), _DEEPEST)
    if not isinstance(properties, dict) or name not in properties:
        return frozenset()
    return frozenset(_types(properties[name], schema, _DEEPEST))


def _types(part: Any, root: Any, depth: int) -> Iterator[str]:
    part = _resolved(part, root, depth)
    if not isinstance(part, dict) or depth == 0:
        return
    if "type" in part:
        named = part["type"]
        yield from [named] if isinstance(named, str) else (t for t in named if isinstance(t, str))
        return
    for value in [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]:
        yield _type_of(value)
    for keyword in ("anyOf", "oneOf", "allOf"):
        for one in part.get(keyword, ()):
            yield from _types(one, root, depth - 1)


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    found = next((name for kind, name in _TYPES if isinstance(value, kind)), None)
    return found or ("array" if isinstance(value, list) else "object")


def _resolved(part: Any, root: Any, depth: int) -> Any:
    """Return what a reference inside the schema leads to."""
    while isinstance(part, dict) and isinstance(part.get("$ref"), str) and depth > 0:
        path = part["$ref"].removeprefix("#/").split("/") if part["$ref"] != "#" else []
        part, depth = _at(root, root, tuple(path), depth), depth - 1
    return part


def _at(part: Any, root: Any, path: tuple[str, ...], depth: int) -> Any:
    part = _resolved(part, root, depth - 1) if depth > 0 else part
    for step in path:
        name = step.replace("~1", "/").replace("~0", "~")
        part = part.get(name) if isinstance(part, dict) else None
    return part
