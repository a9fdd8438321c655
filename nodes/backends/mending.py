"""Fills the gaps of a reply that broke off: its missing samples are asked for once more.

Whole samples of both tries come first; what is left of a broken one is kept, marked, only where its
second try failed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..values import Completion
from .base import Sampled


def missing(sampled: Sampled, prompts: int, n: int) -> list[int]:
    """Return the prompts that miss samples, each as often as it misses one."""
    if sampled.fault is None:
        return []
    batches = [*sampled.batches, *[()] * (prompts - len(sampled.batches))]
    return [i for i, batch in enumerate(batches) for _ in range(n - len(_whole(batch)))]


def mended(first: Sampled, again: Sampled, gaps: Sequence[int], prompts: int, n: int) -> Sampled:
    """Return the first reply with its gaps filled from the second, at most `n` a prompt."""
    batches = [list(batch) for batch in first.batches]
    batches += [[] for _ in range(prompts - len(batches))]
    for prompt, found in zip(gaps, again.batches, strict=False):
        batches[prompt] += _whole(found)
    ordered = [_whole(batch) + [c for c in batch if c.end == "cut"] for batch in batches]
    lost = sum(n - len(_whole(batch)) for batch in ordered)
    fault = f"{first.fault}; {len(gaps)} samples were asked for again, {lost} are lost"
    return replace(
        first,
        batches=tuple(tuple(batch[:n]) for batch in ordered),
        usage=first.usage + again.usage,
        fault=fault,
    )


def _whole(batch: Sequence[Completion]) -> list[Completion]:
    return [completion for completion in batch if completion.end != "cut"]
