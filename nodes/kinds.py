"""Guesses what kind of answer a question wants, from its words.

Careful on purpose: what does not plainly ask for a choice or a result of mathematics is `free`, and a
free question goes to the model as it is.
"""

from __future__ import annotations

import re

from .values import Kind

_CHOICES = re.compile(r"(?:^|\s)\(?([A-E])[).:]\s+\S")
_PROSE = re.compile(
    r"\b(?:write|rewrite|explain|describe|summari[sz]e|translate|essay|poem|story|code|function|"
    r"program|script|python|javascript|sql|list|discuss|opinion|recommend|suggest|draft|email)\b",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\$[^$]+\$|\\(?:frac|sqrt|cdot|times|le|ge|sum|int|begin|left)\b")
_ASKS_RESULT = re.compile(
    r"\b(?:how (?:many|much|old|far|long|tall|fast|big|heavy|often)|what (?:is|are|was|will be|would)|"
    r"calculate|compute|evaluate|find|solve|simplify|determine|in total|percent(?:age)?|remainder)\b",
    re.IGNORECASE,
)
_SUM = re.compile(r"\d\s*[-+*/^=]\s*\d")
_DIGIT = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|half|twice|third|double)\b",
    re.IGNORECASE,
)


def infer_kind(text: str) -> Kind:
    """Return the kind of answer that `text`, the last user turn, asks for."""
    if len({match[1] for match in _CHOICES.finditer(text)}) >= 2:
        return "choice"
    if _PROSE.search(text):
        return "free"
    asks = _ASKS_RESULT.search(text) is not None
    if _SUM.search(text) or (asks and (_DIGIT.search(text) or _LATEX.search(text))):
        return "math"
    return "free"
