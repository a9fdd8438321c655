"""Guesses what kind of answer a question wants, from its words, and then from the pilot's answers.

Careful on purpose: what does not plainly ask for a choice or a result of mathematics is `free`, and a
free question goes to the model as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .equality.blocks import fenced, last_json, last_tool_calls
from .equality.extract import last_boxed
from .equality.plain import choice_key, number_key
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
_LETTERS = frozenset(f"c:{letter}" for letter in "ABCDE")
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


def refine_kind(kind: Kind, texts: Sequence[str]) -> Kind:
    """Return the kind after a look at the pilot's whole answers; `kind` where they do not agree.

    Only a guess is refined, so call it for a kind that was inferred: `free` becomes what all answers
    turn out to be, and `math` a choice when every box holds a letter of one. One answer alone is no
    agreement.
    """
    if len(texts) < 2 or kind not in ("free", "math"):
        return kind
    boxes = [last_boxed(text) or "" for text in texts]
    if all(choice_key(box) in _LETTERS for box in boxes):
        return "choice"
    if kind == "math":
        return kind
    if all(map(number_key, boxes)):
        return "math"
    if all(last_tool_calls(text) is not None for text in texts):
        return "tool_call"
    if all(_is_structure(last_json(text)) for text in texts):
        return "json"
    return "code" if all(len(fenced(text)) == 1 for text in texts) else kind


def _is_structure(value: str | None) -> bool:
    """Say whether a value is an object or a list of them: prose holds brackets and numbers too."""
    return value is not None and re.match(r"\[?\s*\{", value) is not None
