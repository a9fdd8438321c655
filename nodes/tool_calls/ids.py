"""Names for calls, by which a later turn says which call it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from ..values import ToolCall

LENGTH = 9
"""Letters and digits; the templates of some models (Mistral's) refuse any other length or sign."""


def with_ids(calls: Sequence[ToolCall], trace_id: str, choice: int = 0) -> tuple[ToolCall, ...]:
    """Return the calls with ids that are the same whenever they are asked for: of a run and a place."""
    return tuple(
        replace(call, id=_id(f"{trace_id} {choice} {number}")) for number, call in enumerate(calls)
    )


def _id(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:LENGTH]
