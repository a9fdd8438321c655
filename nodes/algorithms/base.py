"""The call that all search algorithms share.

A strategy is a frozen value: the name of an algorithm and its numbers (theta in arXiv 2408.03314,
section 3.1). `advance` runs one round, from one `Search` to the next; whoever calls it decides
whether there is a next round, so budgets, early stops and storage stay out of the algorithms.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from ..backends.base import Generator
from ..candidate import Candidate, Step
from ..values import Message, Question, Sampling
from ..verifiers.base import ProcessVerifier

Selection = Literal["majority", "best", "weighted", "confidence", "hierarchical"]
"""How an answer is chosen: by count, by the best single score, by the sum of the scores of equal
answers, by the sum of the votes that the strategy gave them, or by score inside each chain of
revisions and then across chains."""
Branch = tuple[Step, ...]
"""The steps of an unfinished answer, first to last; empty at the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Everything a search has found, and where it stands."""

    epoch: int = 0
    """How many strategies have been started; keys of steps and candidates carry it."""
    rounds: int = 0
    """Rounds of this epoch that have been run."""
    generations: int = 0
    """Spent so far, over all epochs."""
    live: tuple[Branch, ...] = ()
    """Open branches, best first."""
    candidates: tuple[Candidate, ...] = ()
    """Every branch that has ended, pruned ones too, in the order they ended."""
    faults: tuple[str, ...] = ()
    """What went wrong and was survived."""
    done: bool = False
    """The strategy has no next round."""
    decided: bool = False
    """It has none because its own rule says that more samples would not change the answer."""
    gave_up: bool = False
    """It has none because its own rule says that more samples are not expected to pay."""
    began: int = 0
    """What was spent when this epoch began."""
    share: float | None = None
    """Of all weight, what the leading answer held a round ago, for strategies that watch its trend."""
    held: tuple[str, ...] = ()
    """Keys of ended candidates that the next round goes on from: finished particles, one for each
    place they hold, or the newest attempt of each chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What an algorithm may use. `messages` is the prompt that the answer follows."""

    question: Question
    messages: tuple[Message, ...]
    generator: Generator
    verifier: ProcessVerifier | None
    sampling: Sampling
    on_text: Callable[[str, str], None] | None = None
    """Called with (key of the candidate or step, new text) as text arrives."""
    timeout_s: float | None = None
    """Seconds that a call may take; what came until then is kept."""
    larger: Generator | None = None
    """A larger model, where one is configured."""
    pilot: tuple[Candidate, ...] = ()
    """What was found before the search, for strategies that weigh all that is known."""
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    """The only source of chance."""

    def sampling_from(self, drawn: int) -> Sampling:
        """Return the sampling for a call after `drawn` samples: a seed moves on with them."""
        seed = self.sampling.seed
        return self.sampling if seed is None else replace(self.sampling, seed=seed + drawn)

    def chance(self, search: Search) -> random.Random:
        """Return the chance of the next round: its own, even when each round has new tools."""
        return random.Random(f"{self.rng.random()} {search.epoch} {search.rounds}")


class Strategy(Protocol):
    """An algorithm and its numbers."""

    @property
    def name(self) -> str:
        """The algorithm's name in policies and traces."""
        ...

    @property
    def selection(self) -> Selection:
        """How the answer is chosen among what it finds."""
        ...

    @property
    def generations(self) -> int:
        """What it costs when it runs to its end."""
        ...

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Run one round.

        Raises:
            BackendError: a model server failed and the round found nothing.
            BudgetSpent: nothing was left for the round.
        """
        ...
