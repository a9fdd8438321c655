"""Writes whole answers piece by piece, without a verifier: for searches that look in between.

A branch is open until the model ends it or the answer's token limit is reached. No branch is given
more tokens than it has left, so a chunk is as long as the longest branch allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..candidate import Ending
from ..thinking import part_thinking
from ..values import Completion
from .base import Branch, Search, Tools
from .branches import text_of, tokens_of
from .sprouts import sprout


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one round of writing gave; every branch is in exactly one of the two."""

    open: tuple[Branch, ...]
    ended: tuple[tuple[Branch, Ending], ...]
    faults: tuple[str, ...]


async def write_chunk(
    search: Search, tools: Tools, live: Sequence[Branch], *, new: int, first: int, max_tokens: int
) -> Written:
    """Write up to `max_tokens` more of each branch in `live`, and begin `new` ones.

    `first` is the number of the first that begins.

    Raises:
        BackendError: nothing came.
        BudgetSpent: nothing was left for it.
    """
    limit = tools.sampling.max_tokens
    roots: list[Branch] = [*live, *([()] * new)]
    left = min(limit - tokens_of(root) for root in roots)
    sampling = replace(
        tools.sampling_from(search.generations + 1000 * search.rounds),
        max_tokens=max(min(max_tokens, left), 1),
    )
    grown = await sprout(search, tools, roots, n=1, sampling=sampling, first=first)
    open_: list[Branch] = []
    ended: list[tuple[Branch, Ending]] = []
    ended.extend((branch, "stopped") for branch in grown.barren)
    for one in grown.sprouts:
        ending = written_ending(one.branch, one.completion, limit)
        if ending is None:
            open_.append(one.branch)
        else:
            ended.append((one.branch, ending))
    return Written(open=tuple(open_), ended=tuple(ended), faults=grown.faults)


def written_ending(branch: Branch, completion: Completion, limit: int) -> Ending | None:
    """Return how `completion` ends the answer that it is the last piece of; None when it goes on."""
    if completion.end == "cut":
        return "stopped"
    if completion.end == "length":
        return "length" if tokens_of(branch) >= limit or not completion.n_tokens else None
    return "whole" if part_thinking(text_of(branch)).answer else "empty"
