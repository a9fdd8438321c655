"""What the tests of step-wise searches share."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from fakes import FakeGenerator
from forethought.nodes.algorithms.base import Search
from forethought.nodes.backends.base import Prompt


def texts(search: Search) -> list[str]:
    """Return the texts of the live branches."""
    return ["".join(step.text for step in branch) for branch in search.live]


def endings(search: Search) -> list[tuple[str, str]]:
    return [(c.key, c.ending) for c in search.candidates]


def random_says(rng: random.Random) -> Callable[[Prompt, int], str]:
    """Return a model that goes on, ends, repeats itself or falls silent, by chance."""

    def say(_prompt: Prompt, _number: int) -> str:
        chance = rng.random()
        if chance < 0.6:
            return f"step {rng.randrange(10**6)}\n\n"
        if chance < 0.85:
            return f"\\boxed{{{rng.randrange(3)}}}"
        return "again\n\n" if chance < 0.95 else ""

    return say


def all_steps_once(search: Search, generator: FakeGenerator) -> bool:
    """Say whether every sampled step is in the search, each candidate of a branch of its own.

    Branches share the steps that they have in common, so a step's key tells it apart; a branch that
    is both live and ended, or ended twice, is in two places.
    """
    leaves = [c.key for c in search.candidates] + [b[-1].key for b in search.live]
    branches = [c.steps for c in search.candidates] + list(search.live)
    steps = {step.key for branch in branches for step in branch}
    inner = {step.parent for branch in branches for step in branch}
    sampled = sum(len(asked.prompts) * asked.n for asked in generator.asked)
    return (
        max(Counter(leaves).values(), default=1) == 1
        and not inner.intersection(leaves)
        and len(steps) == sampled
    )
