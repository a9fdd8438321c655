"""Keys of answers that need no computer algebra: numbers, choices, short texts."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?P<part>\.\d*)?(?:/(?P<below>\d+))?"
)
_FRAC = re.compile(r"([-+]?)\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_UNITS = re.compile(
    r"\\text\{[^{}]*\}|\\mbox\{[^{}]*\}|\\(?:!|,|;|:| )|\\left|\\right|[$€£°]|\^\\circ"
)
_UNIT_WORDS = re.compile(
    r"\s*\b(?!(?:pi|sin|cos|tan|log|ln|mod|sqrt|or|and|to)\b)[A-Za-z]{2,}[A-Za-z ./]*$"
)
_CHOICE = re.compile(r"(?:\\text\s*\{)?\(?([A-Za-z])\)?\}?[.):]?(?:\s.*)?")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_OTHER = re.compile(r"[^\w%$€£+\-*/=<>.]+")


def number_key(answer: str) -> str | None:
    """Return the key of a plain number, exact as a fraction; None when `answer` is none.

    Thousands separators, money signs and units are passed over. `50%` is 50: what the
    sign means differs from question to question.
    """
    text = _UNITS.sub("", answer).replace("\\%", "").replace("%", "").strip(" .")
    text = _UNIT_WORDS.sub("", text)
    if fraction := _FRAC.fullmatch(text):
        text = f"{fraction[1]}{fraction[2]}/{fraction[3]}"
    match = _NUMBER.fullmatch(text)
    if not match or not (match["whole"] or (match["part"] or ".")[1:]):
        return None
    below = int(match["below"] or 1)
    if below == 0:
        return None
    digits = (match["whole"].replace(",", "") or "0") + (match["part"] or "")
    value = Fraction(digits.rstrip(".")) / below
    return f"n:{-value if match['sign'] == '-' else value}"


def choice_key(answer: str) -> str | None:
    """Return the key of a choice, its letter: `B`, `(b)`, `B) Paris` are one; None for others."""
    match = _CHOICE.fullmatch(answer.strip())
    return f"c:{match[1].upper()}" if match else None


def text_key(answer: str) -> str | None:
    """Return the key of a short text: case, articles and punctuation do not count."""
    folded = unicodedata.normalize("NFKC", answer).casefold()
    words = _OTHER.sub(" ", _ARTICLES.sub(" ", folded)).split()
    joined = " ".join(word.strip(".") for word in words).strip()
    return f"t:{joined}" if joined else None
