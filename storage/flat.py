"""The fields of a frozen value as a row holds them, one level deep: a fraction of what `asdict` costs,
which copies whatever it finds."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any


def flat(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name; values that are dataclasses stay what they are."""
    names = _names(type(value))  # type: ignore[arg-type]  # a class is hashable
    return {name: getattr(value, name) for name in names}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
