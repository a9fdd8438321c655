"""The strategies that recorded samples can replay for a level and a budget, and what each gives.

A run of at most N samples draws the pilot first, whose samples count among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..algorithms.registry import JsonScalar
from .courses import WAVE, Vote, course_of, stopped_runs, totals_for, whole_runs
from .record import Record
from .runs import Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Dish:
    """A strategy for at most N samples."""

    vote: Vote
    stops: bool
    """Draws in waves and stops once the vote is decided; else all at once."""
    n: int

    def theta(self, pilot: int) -> dict[str, JsonScalar]:
        """Return the strategy for what the pilot leaves of N; `n` is more than the pilot."""
        wave = WAVE if self.stops else None
        if self.vote == "majority":
            return {"name": "majority", "n": self.n - pilot, "wave": wave}
        return {
            "name": "best_of_n",
            "n": self.n - pilot,
            "selection": "weighted",
            "wave": wave,
        }


def baseline(n: int) -> Dish:
    """Return best-of-N weighted, all at once: what every other strategy is held against."""
    return Dish(vote="weighted", stops=False, n=n)


def menu_for(budget: int, budgets: Sequence[int]) -> list[Dish]:
    """Return what may be chosen under a budget: every strategy with its N or a smaller one."""
    votes: tuple[Vote, ...] = ("weighted", "majority")
    return [
        Dish(vote=vote, stops=stops, n=n)
        for vote in votes
        for stops in (False, True)
        for n in budgets
        if n <= budget
    ]


def serve(record: Record, budgets: Sequence[int], *, pilot: int) -> dict[Dish, Runs]:
    """Return the runs of every strategy with every N."""
    totals = totals_for(budgets, pilot)
    courses = {vote: course_of(record, vote, totals) for vote in ("weighted", "majority")}
    found: dict[Dish, Runs] = {}
    for dish in menu_for(max(budgets), budgets):
        replay = stopped_runs if dish.stops else whole_runs
        found[dish] = replay(courses[dish.vote], dish.n, pilot=pilot)
    return found
