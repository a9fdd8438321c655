"""What two texts have in common, word by word.

Both texts come back whole: the pieces of a side joined are that text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_WORDS = 1500
"""Of one text; longer ones are compared by lines, since the time grows with the square."""
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text; `changed` is only in this one."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Two texts beside each other."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


def differences(before: str, after: str) -> Sides:
    """Return both texts in pieces that the other has or has not."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = _LINE.findall(before), _LINE.findall(after)
    old_pieces: list[Piece] = []
    new_pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        changed = tag != "equal"
        _add(old_pieces, old[i1:i2], changed)
        _add(new_pieces, new[j1:j2], changed)
    return Sides(before=tuple(old_pieces), after=tuple(new_pieces))


def _add(pieces: list[Piece], words: Sequence[str], changed: bool) -> None:
    text = "".join(words)
    if text:
        pieces.append(Piece(text=text, changed=changed))
