"""Samples the next piece of many branches in one request.

It keeps what makes trees out of samples: keys are unique however often a branch is named, and a
branch whose request failed is told apart from one that went on. It scores and ends nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..backends.base import Prompt, Sampled
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
    first: int = 0,
) -> Sprouted:
    """Sample `n` next pieces of each root; a root named twice gets twice as many.

    `mark` parts a key from its parent's; `first` is the number of the first branch that begins.

    Raises:
        BackendError: nothing was sampled.
        BudgetSpent: nothing was left for it.
    """
    keys = _keys(search, roots, n, mark, first)
    layers = _layers(roots) if sampling.seed is not None else [list(range(len(roots)))]
    listener = tools.on_text

    async def sample(layer: list[int], seed: int | None) -> Sampled:
        return await tools.generator.complete(
            [Prompt(messages=tools.messages, prefix=roots[i]) for i in layer],
            n=n,
            sampling=replace(sampling, seed=seed),
            on_text=partial(_told, listener, [keys[i] for i in layer]) if listener else None,
            timeout_s=tools.timeout_s,
        )

    seeds = [None if sampling.seed is None else sampling.seed + n * i for i in range(len(layers))]
    replies = await asyncio.gather(*map(sample, layers, seeds))
    batches: dict[int, tuple[Completion, ...]] = {}
    for layer, reply in zip(layers, replies, strict=True):
        batches.update(zip(layer, reply.batches, strict=True))
    rows = [(root, keys[i], batches[i]) for i, root in enumerate(roots)]
    fruitful = {root[-1].key for root, _, batch in rows if root and batch}
    barren = {r[-1].key: r for r, _, batch in rows if r and r[-1].key not in fruitful}
    return Sprouted(
        sprouts=tuple(
            Sprout(branch=(*root, new_step(key, root, completion)), completion=completion)
            for root, names, batch in rows
            for key, completion in zip(names, batch, strict=False)
        ),
        barren=tuple(barren.values()),
        faults=tuple(reply.fault for reply in replies if reply.fault),
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


def _told(
    listener: Callable[[str, str], None], keys: Sequence[Sequence[str]], i: int, j: int, text: str
) -> None:
    listener(keys[i][j], text)


def _layers(roots: Sequence[Branch]) -> list[list[int]]:
    """Return the places of the roots, the first of each, then the second of each, and so on.

    With a seed the same prompt twice in one request is the same text twice.
    """
    seen: Counter[str] = Counter()
    layers: list[list[int]] = []
    for i, root in enumerate(roots):
        text = "".join(step.text for step in root)
        if seen[text] == len(layers):
            layers.append([])
        layers[seen[text]].append(i)
        seen[text] += 1
    return layers


def _keys(
    search: Search, roots: Sequence[Branch], n: int, mark: str, first: int
) -> list[list[str]]:
    """Return a key for each sample of each root."""
    used: Counter[str] = Counter({f"s{search.epoch}-": first})
    rows: list[list[str]] = []
    for root in roots:
        stem = f"{root[-1].key}{mark}" if root else f"s{search.epoch}-"
        rows.append([f"{stem}{used[stem] + i}" for i in range(n)])
        used[stem] += n
    return rows
