"""Reads the calls in a reply, in whichever form the model writes them."""

from __future__ import annotations

from collections.abc import Collection

from .bare import bare_calls
from .hermes import hermes_calls
from .mistral import mistral_calls
from .spoken import Spoken


def read_reply(text: str, names: Collection[str]) -> Spoken:
    """Return what `text` says; `names` are the tools that may be called.

    Names are not checked here: a call of a tool that nobody has is still a call, and no words.

    Raises:
        Malformed: it begins a call, and is no call.
    """
    spoken = hermes_calls(text) or mistral_calls(text) or bare_calls(text, names)
    return spoken or Spoken(words=text.strip())
