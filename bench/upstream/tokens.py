"""A tokenisation without a vocabulary: three printable ASCII characters are a token.

It is reversible, knows nothing of the texts, and is the same in every process, so that ids outlive a
restart. Ids have at most six digits, as those of real vocabularies; an English word is a token or two.
What is not printable ASCII is a token a byte; ChatML's marks and the step tag are one token each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

START, END, TAG = "<|im_start|>", "<|im_end|>", "<extra_0>"
SIZE = 3
_ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
_PLACE = {character: place for place, character in enumerate(_ALPHABET)}
_BASE = len(_ALPHABET)
_OFFSETS = (0, _BASE, _BASE + _BASE**2)
_SPECIAL = {START: 900_000, END: 900_001, TAG: 900_002}
_BYTES = 900_100
END_ID = _SPECIAL[END]
_MARKS = re.compile("(" + "|".join(map(re.escape, _SPECIAL)) + ")")
_RUNS = re.compile(r"[\n -~]+|[^\n -~]+")
_TEXT_OF = {number: text for text, number in _SPECIAL.items()}


def encode(text: str) -> list[int]:
    """Return the ids of `text`."""
    ids: list[int] = []
    for part in _MARKS.split(text):
        if part in _SPECIAL:
            ids.append(_SPECIAL[part])
            continue
        for run in _RUNS.findall(part):
            if run[0] in _PLACE:
                ids += [_id(run[k : k + SIZE]) for k in range(0, len(run), SIZE)]
            else:
                ids += [_BYTES + byte for byte in run.encode("utf-8", "surrogatepass")]
    return ids


def decode(ids: Iterable[int]) -> str:
    """Return the text of `ids`, marks included; an id that is none is an error."""
    parts: list[str] = []
    raw = bytearray()
    for number in ids:
        if _BYTES <= number < _BYTES + 256:
            raw.append(number - _BYTES)
            continue
        if raw:
            parts.append(raw.decode("utf-8", "replace"))
            raw.clear()
        parts.append(_text(number))
    return "".join(parts) + raw.decode("utf-8", "replace")


def chatml(
    messages: Sequence[dict[str, Any]], *, generation: bool = True, open_end: bool = False
) -> str:
    """Return the conversation as the model reads it; `open_end` leaves the last turn open."""
    turns = [f"{START}{m['role']}\n{text_of(m)}{END}\n" for m in messages]
    if open_end:
        turns[-1] = turns[-1].removesuffix(f"{END}\n")
    return "".join(turns) + (f"{START}assistant\n" if generation and not open_end else "")


def text_of(message: dict[str, Any]) -> str:
    """Return the text of a turn, in either of its forms."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


@cache  # at most 900,000 of them, and in practice some thousand
def _id(piece: str) -> int:
    number = 0
    for character in piece:
        number = number * _BASE + _PLACE[character]
    return _OFFSETS[len(piece) - 1] + number


@cache
def _text(number: int) -> str:
    if number in _TEXT_OF:
        return _TEXT_OF[number]
    size = next((k for k in (2, 1, 0) if number >= _OFFSETS[k]), 0) + 1
    rest = number - _OFFSETS[size - 1]
    if not 0 <= rest < _BASE**size:
        raise ValueError(f"{number} is no token")
    characters = []
    for _ in range(size):
        rest, place = divmod(rest, _BASE)
        characters.append(_ALPHABET[place])
    return "".join(reversed(characters))
