"""Reads the calls in a reply, in whichever form the model writes them."""

from __future__ import annotations

from collections.abc import Mapping

from ..values import ToolSpec
from .bare import bare_calls
from .functions import function_calls
from .hermes import hermes_calls
from .mistral import mistral_calls
from .spoken import Spoken


def read_reply(text: str, tools: Mapping[str, ToolSpec]) -> Spoken:
    """Return what `text` says; `tools` are those that may be called, by name.

    Names are not checked here: a call of a tool that nobody has is still a call, and no words.

    Raises:
        Malformed: it begins a call, and is no call.
    """
    spoken = function_calls(text, tools) or hermes_calls(text) or mistral_calls(text)
    spoken = spoken or bare_calls(text, tools)
    return spoken or Spoken(words=text.strip())
