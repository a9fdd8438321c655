"""Everything a fit finds on one half of the questions, and used on the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ..algorithms.marginal_rule import Rule
from ..difficulty.features import Source
from ..difficulty.model import estimate_difficulty
from ..policy.document import DifficultyModel
from ..replay.reading import Reading
from .controller_replay import replay_controller
from .fit_difficulty import fit_difficulty
from .pilots import pilot_rows
from .record import Floats, Ints, Record, record_of
from .runs import Runs, joined
from .search_controller import search_controller

SEARCH_ORDERS = 8
"""Of each question while searching: more orders cost time, only more questions would help."""
PILOT_ORDERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """How a fit is made."""

    pilot: int = 4
    orders: int = 32
    seed: int = 0
    draws: int = 2000
    budgets: tuple[int, ...] = (8, 16, 32, 64)
    """Ascending, each more than the pilot and at most the samples of a question."""
    trend: bool = False
    """Search over the trend of the vote, too."""
    candidates: int = 64
    generations: int = 2
    """Of the search."""
    sources: Collection[Source] = ("question", "votes", "verifier")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Halves:
    """Rules and models of each half, for the questions of the other."""

    record: Record
    """Of all questions."""
    places: tuple[Ints, Ints]
    """The questions that are served by what the other half taught."""
    rules: tuple[Rule, Rule]
    predicted: Ints
    """(Q, R) levels from the pilot, by a model that saw none of the question's samples."""
    probabilities: Floats
    """(Q, R) what the levels were cut from."""

    def controller(self, price: float, n: int, pilot: int) -> Runs:
        """Return the runs of the controller, each half by the rule of the other."""
        parts = [
            replay_controller(self.record.part(at), rule, price, n=n, pilot=pilot)
            for at, rule in zip(self.places, self.rules, strict=True)
        ]
        return joined(parts, self.places, len(self.record.ids))


def fit_halves(
    readings: Sequence[Reading], plot: Plot, told: Callable[[str], None] = lambda _: None
) -> Halves:
    """Fit on each half by the pool's own folds.

    Raises:
        FitError: there is too little to learn from, or scikit-learn is not installed.
        ValueError: a question has no fold.
    """
    record = record_of(readings, orders=plot.orders, seed=plot.seed)
    small = record_of(readings, orders=SEARCH_ORDERS, seed=plot.seed + 1)
    rules: list[Rule] = []
    places: list[Ints] = []
    levels = np.zeros((len(readings), plot.orders), dtype=np.int64)
    probabilities = np.zeros(levels.shape)
    for fold in (0, 1):
        seen, unseen = (np.nonzero((record.folds == fold) == held)[0] for held in (False, True))
        told(f"half {fold + 1}: the controller")
        rules.append(find_rule(small.part(seen), plot))
        told(f"half {fold + 1}: difficulty")
        model = fit_model([readings[int(i)] for i in seen], plot)
        levels[unseen], probabilities[unseen] = predict(
            [readings[int(i)] for i in unseen], model, plot
        )
        places.append(unseen)
    return Halves(
        record=record,
        places=(places[0], places[1]),
        rules=(rules[0], rules[1]),
        predicted=levels,
        probabilities=probabilities,
    )


def find_rule(record: Record, plot: Plot) -> Rule:
    """Return the controller's rule for a record."""
    return search_controller(
        record,
        pilot=plot.pilot,
        seed=plot.seed,
        trend=plot.trend,
        candidates=plot.candidates,
        generations=plot.generations,
    ).rule


def fit_model(readings: Sequence[Reading], plot: Plot) -> DifficultyModel:
    """Return the difficulty model of these readings."""
    return fit_difficulty(
        readings, pilot=plot.pilot, orders=PILOT_ORDERS, seed=plot.seed + 2, sources=plot.sources
    )


def predict(readings: Sequence[Reading], model: DifficultyModel, plot: Plot) -> tuple[Ints, Floats]:
    """Return levels and probabilities (Q, R) of the pilots that the record's orders begin with."""
    rows = pilot_rows(readings, pilot=plot.pilot, orders=plot.orders, seed=plot.seed)
    found = [
        estimate_difficulty(model, readings[row.place].question.text, row.candidates)
        for row in rows
    ]
    shape = (len(readings), plot.orders)
    levels = np.array([difficulty.level for difficulty in found], dtype=np.int64)
    return levels.reshape(shape), np.array([d.probability for d in found]).reshape(shape)
