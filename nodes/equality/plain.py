"""Keys of answers that need no computer algebra: numbers, choices, short texts."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

_LONGEST = 1000
"""Characters of a number; Python refuses to read numbers of some thousand digits."""
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?P<part>\.\d*)?(?:/(?P<below>\d+))?"
)
_FRAC = re.compile(r"([-+]?)\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_MIXED = re.compile(r"([-+]?)(\d+) +(\d+)/(\d+)")
_UNITS = re.compile(r"\\(?:!|,|;|:| )|\\left|\\right|\\?[$€£°]|\^\\circ")
_UNIT_TEXT = re.compile(r"(?:\\(?:text|mbox|mathrm)\s*\{[^{}]*\}(?:\^\{?\d\}?)?[\s./]*)+$")
_UNIT_WORDS = re.compile(
    r"\s*\b(?!(?:sin|cos|tan|log|mod|sqrt|and)\b)"
    r"(?:[A-Za-z]{3,}|[kcmn]m|[km]g|m[lL]|mi|ft|in|lb|oz|hr|am|pm)\b[A-Za-z ./]*$"
)
_WRAPPED = re.compile(r"\\(?:text(?:bf|it|rm)?|mbox|math(?:rm|bf))\s*\{([^{}]*)\}")
_WORDS = re.compile(r"(?=.*[^\W\d_]{3})[^\W\d_]+(?:[ ']+[^\W\d_]+)*\.?")
_CHOICE = re.compile(r"\(?([A-Za-z])\)?[.):]?(?:\s.*)?")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_OTHER = re.compile(r"[^\w%$€£+\-*/=<>.]+")


@lru_cache(maxsize=16_384)  # samples of one question state the same few answers, each read twice
def number_key(answer: str) -> str | None:
    """Return the key of a plain number, exact as a fraction; None when `answer` is none.

    Thousands separators, money signs and units are passed over. `50%` is 50: what the
    sign means differs from question to question.
    """
    text = (
        _UNITS.sub("", answer.replace("{,}", ","))
        .replace("\\%", "")
        .replace("%", "")
        .replace("\u2212", "-")
        .strip()
    )
    text = _UNIT_WORDS.sub("", _UNIT_TEXT.sub("", text)).rstrip(" .")
    if len(text) > _LONGEST:
        return None
    if mixed := _MIXED.fullmatch(text):
        whole, above, below_ = map(int, mixed.groups()[1:])
        text = f"{mixed[1]}{whole * below_ + above}/{below_}"
    elif fraction := _FRAC.fullmatch(text):
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
    match = _CHOICE.fullmatch(_WRAPPED.sub(r"\1", answer).strip())
    return f"c:{match[1].upper()}" if match else None


def text_key(answer: str) -> str | None:
    """Return the key of a short text: case, articles and punctuation do not count."""
    folded = unicodedata.normalize("NFKC", _WRAPPED.sub(r"\1", answer)).casefold()
    joined = _words(_ARTICLES.sub(" ", folded)) or _words(folded)  # an answer may be an article
    return f"t:{joined}" if joined else None


def words_key(answer: str) -> str | None:
    """Return the key of words, which are no product of letters; None for others."""
    text = _WRAPPED.sub(r"\1", answer).strip()
    return text_key(text) if _WORDS.fullmatch(text) else None


def verbatim_key(answer: str) -> str | None:
    """Return the key of what cannot be evaluated: words as a short text, else every sign counts."""
    joined = "".join(answer.split())
    return words_key(answer) or (f"v:{joined}" if joined else None)


def _words(text: str) -> str:
    return " ".join(word for w in _OTHER.sub(" ", text).split() if (word := w.strip(".")))
