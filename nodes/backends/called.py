"""Calls that a chat server has read itself, put back into the text of a completion.

Everything after a backend reads calls off texts, whichever way they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..tool_calls.hermes import hermes_text
from ..values import ToolCall


@dataclass(slots=True)
class CalledPieces:
    """The calls of one choice, as far as they have come."""

    _names: dict[int, str] = field(default_factory=dict)
    _arguments: dict[int, str] = field(default_factory=dict)

    def take(self, calls: Iterable[Any] | None) -> None:
        """Add the calls of a message, or pieces of them of a chunk."""
        for place, call in enumerate(calls or ()):
            index = getattr(call, "index", None)
            index = place if index is None else index
            name, arguments = call.function.name or "", call.function.arguments or ""
            self._names[index] = self._names.get(index, "") + name
            self._arguments[index] = self._arguments.get(index, "") + arguments

    @property
    def anything(self) -> bool:
        """Whether any call has begun."""
        return bool(self._names)

    def beside(self, words: str) -> str:
        """Return a text of the words and the calls; arguments that are no JSON stay none."""
        calls = [
            ToolCall(id="", name=name, arguments=self._arguments[index] or "{}")
            for index, name in sorted(self._names.items())
        ]
        return hermes_text(words, calls) if calls else words
