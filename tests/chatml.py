"""ChatML, and a tokenisation that can be worked out by hand: a character is a token, and so is each of
Qwen's three special tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]  # what goes over the wire, as it is
TAG = "<extra_0>"
START, END = "<|im_start|>", "<|im_end|>"
SPECIAL = {START: 151644, END: 151645, TAG: 151651}
_TEXT_OF = {number: text for text, number in SPECIAL.items()}
_SHIFT = 200_000  # characters are numbered from here, so that no id means two things


def encode(text: str) -> list[int]:
    """Return one id a character or special token."""
    pieces = re.split(f"({'|'.join(map(re.escape, SPECIAL))})", text)
    return [i for p in pieces for i in ([SPECIAL[p]] if p in SPECIAL else map(_char_id, p))]


def decode(ids: Sequence[int]) -> str:
    """Return the text of `ids`, special tokens too."""
    return "".join(_TEXT_OF[i] if i in _TEXT_OF else chr(i - _SHIFT) for i in ids)


def chatml(messages: Sequence[Json], *, generation: bool = True, open_end: bool = False) -> str:
    """Return the conversation as the model reads it; `open_end` leaves the last turn open."""
    turns = [f"{START}{m['role']}\n{m['content']}{END}\n" for m in messages]
    if open_end:
        turns[-1] = turns[-1].removesuffix(f"{END}\n")
    return "".join(turns) + (f"{START}assistant\n" if generation and not open_end else "")


def _char_id(character: str) -> int:
    return ord(character) + _SHIFT
