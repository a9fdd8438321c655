"""Samples the next piece of many branches in one request.

It keeps what makes trees out of samples: keys are unique however often a branch is named, and a
branch whose request failed is told apart from one that went on. It scores and ends nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..backends.base import Prompt
from ..candidate import Step
from ..values import Completion, Sampling
from .base import Branch, Search, Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprout:
    """A branch with a new last step, and how that was sampled."""

    branch: Branch
    completion: Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprouted:
    """What one request gave."""

    sprouts: tuple[Sprout, ...]
    """In the order of the roots."""
    barren: tuple[Branch, ...]
    """Roots of at least one step that nothing came of, each once: their requests failed."""
    faults: tuple[str, ...]


async def sprout(
    search: Search,
    tools: Tools,
    roots: Sequence[Branch],
    *,
    n: int,
    sampling: Sampling,
    mark: str = ".",
) -> Sprouted:
    """Sample `n` next pieces of each root; a root named twice gets twice as many.

    `mark` parts a key from its parent's.

    Raises:
        BackendError: nothing was sampled.
        BudgetSpent: nothing was left for it.
    """
    keys = _keys(search, roots, n, mark)
    listener = tools.on_text
    sampled = await tools.generator.complete(
        [Prompt(messages=tools.messages, prefix=root) for root in roots],
        n=n,
        sampling=sampling,
        on_text=(lambda i, j, text: listener(keys[i][j], text)) if listener else None,
        timeout_s=tools.timeout_s,
    )
    rows = list(zip(roots, keys, sampled.batches, strict=True))
    fruitful = {root[-1].key for root, _, batch in rows if root and batch}
    barren = {r[-1].key: r for r, _, batch in rows if r and r[-1].key not in fruitful}
    return Sprouted(
        sprouts=tuple(
            Sprout(branch=(*root, new_step(key, root, completion)), completion=completion)
            for root, names, batch in rows
            for key, completion in zip(names, batch, strict=False)
        ),
        barren=tuple(barren.values()),
        faults=(sampled.fault,) if sampled.fault else (),
    )


def new_step(key: str, root: Branch, completion: Completion) -> Step:
    """Return `completion` as the step that follows `root`."""
    return Step(
        key=key,
        parent=root[-1].key if root else None,
        text=completion.text,
        n_tokens=completion.n_tokens,
        token_ids=completion.token_ids,
        confidences=completion.confidences,
    )


def _keys(search: Search, roots: Sequence[Branch], n: int, mark: str) -> list[list[str]]:
    """Return a key for each sample of each root."""
    used: Counter[str] = Counter()
    rows: list[list[str]] = []
    for root in roots:
        stem = f"{root[-1].key}{mark}" if root else f"s{search.epoch}-"
        rows.append([f"{stem}{used[stem] + i}" for i in range(n)])
        used[stem] += n
    return rows
