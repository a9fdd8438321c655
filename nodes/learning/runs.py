"""What replayed runs gave and cost, and means over them. Shapes (Q, R): questions, orders of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ..policy.document import Outlay
from .record import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Runs of one strategy; the pilot and the verifier are in all costs."""

    right: Floats
    """1 where the answer is right, else 0."""
    generations: Floats
    """Samples begun."""
    tokens: Floats
    """Generated."""
    verifier_tokens: Floats
    """Read by the verifier; what it reads again counts again."""
    rounds: Floats
    """Requests to the generator one after another."""

    @property
    def all_tokens(self) -> Floats:
        """Generated, or read by the verifier: a verifier of the generator's size does the same work."""
        return self.tokens + self.verifier_tokens

    def part(self, places: Sequence[int] | Ints) -> Runs:
        """Return the runs of these questions."""
        return Runs(**{f.name: getattr(self, f.name)[places] for f in fields(self)})


def chosen(of: Sequence[Runs], which: Ints) -> Runs:
    """Return runs that are, place by place, those of the number in `which` (Q, R)."""

    def pick(name: str) -> Floats:
        stack: Floats = np.stack([getattr(runs, name) for runs in of])
        picked: Floats = np.take_along_axis(stack, which[None], axis=0)[0]
        return picked

    return Runs(**{f.name: pick(f.name) for f in fields(Runs)})


def joined(parts: Sequence[Runs], places: Sequence[Ints], questions: int) -> Runs:
    """Return the runs of all questions from those of parts of them, each at its places."""

    def put(name: str) -> Floats:
        whole = np.empty((questions, parts[0].right.shape[1]))
        for part, at in zip(parts, places, strict=True):
            whole[at] = getattr(part, name)
        return whole

    return Runs(**{f.name: put(f.name) for f in fields(Runs)})


def outlay_of(runs: Runs, where: Bools | None = None) -> Outlay:
    """Return the means, over the runs that `where` (Q, R) marks."""
    marked = np.ones(runs.right.shape, dtype=np.bool_) if where is None else where
    return Outlay(
        accuracy=mean_of(runs.right, marked),
        error=error_of(runs.right, marked),
        generations=mean_of(runs.generations, marked),
        tokens=mean_of(runs.tokens, marked),
        verifier_tokens=mean_of(runs.verifier_tokens, marked),
        rounds=mean_of(runs.rounds, marked),
    )


def mean_of(values: Floats, where: Bools) -> float:
    """Return the mean over the marked places; 0 where there are none."""
    return float(values[where].mean()) if where.any() else 0.0


def error_of(values: Floats, where: Bools) -> float:
    """Return the standard error of that mean over questions: runs of one question are no new ones."""
    count = int(where.sum())
    if count == 0:
        return 0.0
    sums = np.where(where, values - mean_of(values, where), 0.0).sum(axis=1)
    return math.sqrt(float((sums**2).sum())) / count
