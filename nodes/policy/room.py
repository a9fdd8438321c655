"""Fits the numbers of a strategy to the generations that are left for it.

A policy measured its strategies under round budgets; a run has what its pilot and its earlier plans
have left. What a strategy is stays: its width, its lookahead, its ratio of parallel to sequential.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..algorithms.registry import JsonScalar
from .base import Situation

Theta = Mapping[str, JsonScalar]
"""A strategy as `registry.numbers_of` writes it."""
Numbers = dict[str, JsonScalar]


def fit_to_room(theta: Theta, room: int) -> Numbers | None:
    """Return the strategy with numbers that cost at most `room` generations, at least 1.

    None when not even the least of it fits: an answer of a larger model may cost more than there is.
    """
    fitted = _FITS.get(str(theta.get("name")), _samples)(theta, room)
    return None if fitted is None else {**theta, **fitted}


def room_for(theta: Theta, budget: int, situation: Situation) -> int:
    """Return the room of a strategy that was measured under `budget`.

    One that was chosen for being smaller than its budget stays so; one that took all of it takes all.
    """
    n = theta.get("n")
    counts = str(theta.get("name")) not in _FITS and isinstance(n, int) and n is not True
    if counts and isinstance(n, int) and n < budget - situation.spent:
        return min(situation.room, n)
    return situation.room


def _samples(theta: Theta, room: int) -> Numbers:
    return {"n": room}


def _beams(theta: Theta, room: int) -> Numbers:
    """Return N as a multiple of M, which shrinks where there are fewer places than M."""
    m = min(_number(theta, "m", 4), room)
    return {"n": room - room % m, "m": m}


def _lookahead(theta: Theta, room: int) -> Numbers:
    k = min(_number(theta, "k", 1), room - 1)
    return _beams(theta, room // (k + 1)) | {"k": k}


def _chains(theta: Theta, room: int) -> Numbers:
    """Scale both factors alike; what is all parallel or all sequential stays so."""
    chains, length = _number(theta, "chains", 1), _number(theta, "length", 1)
    if length == 1:
        return {"chains": room, "length": 1}
    if chains == 1:
        return {"chains": 1, "length": room}
    longer = length * math.sqrt(room / (chains * length))
    length = min(max(round(longer), 1), room)
    return {"chains": room // length, "length": length}


def _larger(theta: Theta, room: int) -> Numbers | None:
    """Return as many answers as were measured, as far as they are affordable."""
    n = min(_number(theta, "n", 1), room // _number(theta, "price", 1))
    return {"n": n} if n else None


def _number(theta: Theta, name: str, default: int) -> int:
    """Return a number that counts something; the strategy's own check refuses what is none."""
    value = theta.get(name, default)
    return max(value, 0 if name == "k" else 1) if isinstance(value, int) else default


_FITS: dict[str, Callable[[Theta, int], Numbers | None]] = {
    "beam_search": _beams,
    "dvts": _beams,
    "lookahead": _lookahead,
    "mixed": _chains,
    "escalation": _larger,
}
"""The others have one number that counts, `n`."""
