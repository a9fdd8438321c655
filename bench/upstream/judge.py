"""The same model as a judge of solutions: odds of two labels, or a rating from 0 to 10.

It is right more often than not: P(yes) of a right solution lies in [0.5, 0.95], of a wrong one in
[0.05, 0.6], by a chance that follows from the text.
"""

from __future__ import annotations

import random
import re

from .bank import Bank

_LABELS = {"Yes": "No", "+": "-", "A": "B"}
_RATES = re.compile(r"scale (?:of|from) 0 ?(?:-|to) ?10", re.IGNORECASE)


def opinion(bank: Bank, shown: str) -> float:
    """Return P(yes) for the solution that a prompt shows."""
    asked = bank.find(shown)
    chance = random.Random(shown).random()
    if asked is not None and bank.is_right(asked, shown):
        return 0.5 + 0.45 * chance
    return 0.05 + 0.55 * chance


def labels_of(shown: str) -> tuple[str, str]:
    """Return the two labels that a prompt for one token asks for."""
    tail = shown[-200:]
    for first, second in _LABELS.items():
        if f"{first} or {second}" in tail:
            return first, second
    return ("+", "-") if "<|im_start|>assistant\n+" in shown else ("Yes", "No")


def wants_rating(shown: str) -> bool:
    """Say whether a conversation asks for a rating instead of a solution."""
    return _RATES.search(shown) is not None


def rating(bank: Bank, shown: str) -> str:
    """Return the rating of the solution that a prompt shows, as JSON where it asks for that."""
    number = round(10 * opinion(bank, shown))
    return f'{{"score": {number}, "reasoning": ""}}' if "JSON" in shown else str(number)
