"""Numbers and strategies as people say them; nothing here knows what is good.

Shares come in [0, 1] and are said in percent, differences of shares in points.
"""

from __future__ import annotations

import math
from datetime import datetime

from ...nodes.algorithms.registry import JsonScalar
from ...nodes.learning.compare import EqualAccuracy
from ...nodes.replay.statistics import Interval

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "not known"
CERTAIN = 0.95
"""A curve that gets there in fewer of the draws is said to get there in so many."""


def percent(share: float, digits: int = 1) -> str:
    """Return a share."""
    return UNKNOWN if math.isnan(share) else f"{_rounded(100 * share, digits)}%"


def part(ratio: float) -> str:
    """Return a cost over another: whole percents, with a decimal below ten."""
    return percent(ratio, 1 if ratio < 0.1 else 0)


def points(difference: float) -> str:
    """Return a difference of shares with its sign; zero has none."""
    if math.isnan(difference):
        return UNKNOWN
    text = _rounded(100 * difference, 1)
    return text if text == "0.0" or text.startswith(MINUS) else f"+{text}"


def size(share: float) -> str:
    """Return the size of an error of shares, in points."""
    return UNKNOWN if math.isnan(share) else _rounded(100 * share, 1)


def points_range(interval: Interval) -> str:
    """Return the ends of the interval of a difference."""
    return f"{points(interval.low)} to {points(interval.high)}"


def part_range(interval: Interval) -> str:
    """Return the ends of the interval of a cost over another."""
    return f"{part(interval.low)} to {part(interval.high)}"


def percent_range(low: float, high: float) -> str:
    """Return the ends of the interval of a share."""
    return f"{percent(low)} to {percent(high)}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number, with commas between thousands."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{value:,.{digits}f}".replace("-", MINUS)


def decimal(value: float | None) -> str:
    """Return a score that has three decimals."""
    return number(value, 3)


def count(n: int, what: str) -> str:
    """Return so many of something whose plural ends in s."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def when(made: str) -> str:
    """Return a time, ISO 8601, to the minute; other text as it is."""
    try:
        time = datetime.fromisoformat(made)
    except ValueError:
        return made
    return f"{time:%Y-%m-%d %H:%M}" + (f" {time.tzname()}" if time.tzname() else "")


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence."""
    if not words:
        return "nothing"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def reaches(equal: EqualAccuracy) -> str:
    """Return whether a curve has the accuracy aimed at; empty where there is no doubt."""
    share = percent(equal.reached, 0)
    if math.isnan(equal.ratio["all_tokens"].value):
        return f"does not get there ({share} of draws do)"
    return "" if equal.reached >= CERTAIN else f"gets there in {share} of draws"


def strategy_words(theta: dict[str, JsonScalar], pilot: int) -> str:
    """Return what a strategy does, the pilot's samples counted among its own."""
    name, n = theta.get("name"), theta.get("n")
    if name not in ("best_of_n", "majority") or not isinstance(n, int):
        return _unknown(theta)
    stops = theta.get("wave") is not None
    total = f"up to {n + pilot}" if stops else str(n + pilot)
    selection = theta.get("selection")
    kind = "majority" if name == "majority" else "best"
    if name == "best_of_n" and selection != "weighted":
        total += f" by {selection}"
    return f"{kind} of {total}{', stops early' if stops else ''}"


def theta_words(theta: dict[str, JsonScalar]) -> str:
    """Return the numbers of a strategy by name."""
    numbers = (f"{key} {_scalar(value)}" for key, value in theta.items() if key != "name")
    return ", ".join(numbers)


def _unknown(theta: dict[str, JsonScalar]) -> str:
    name, numbers = str(theta.get("name", "?")).replace("_", " "), theta_words(theta)
    return f"{name} ({numbers})" if numbers else name


def _scalar(value: JsonScalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _rounded(value: float, digits: int) -> str:
    """Return a number without a minus before zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)
