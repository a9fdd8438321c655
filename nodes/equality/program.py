"""Keys of programs by their source.

Python is compared by its syntax tree, so comments, blank lines and quotes do not count; what does not
parse as Python is compared word by word. Two programs that do the same in different ways are different
here: comparing what they do is for whoever can run them (`behaviour.py`).
"""

from __future__ import annotations

import ast
import warnings

from .structure import short_key

_LONGEST = 100_000
"""Characters that are parsed."""


def source_key(answer: str) -> str | None:
    """Return the key of a program; None for an empty one."""
    if not answer.strip():
        return None
    try:
        return short_key("p", _tree(answer))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return short_key("s", " ".join(answer.split()))


def _tree(source: str) -> str:
    if len(source) > _LONGEST:
        raise ValueError("too long to parse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd escapes in the program
        return ast.dump(ast.parse(source))
