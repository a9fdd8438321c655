"""Revisions beside the attempts they revise, with what changed: the text, the answer, the score."""

from __future__ import annotations

from dataclasses import dataclass

from ...storage.views import CandidateView, TraceDetail
from .differences import Sides, differences

MOST = 24
"""Pairs that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An attempt and the one after it."""

    before: CandidateView
    after: CandidateView
    texts: Sides
    same_answer: bool | None
    """Whether both end in equal answers; None where one of them has none."""
    chosen: bool
    """The revision is what answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An answer and its revisions, oldest first."""

    pairs: tuple[Pair, ...]
    """At least one."""

    @property
    def seed(self) -> CandidateView:
        """What the chain began with."""
        return self.pairs[0].before


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """All chains of a run."""

    chains: tuple[Chain, ...]
    left: int
    """Revisions that are not shown; the tree has them."""


def chains_of(detail: TraceDetail) -> Chains:
    """Return the chains in the order in which they were begun."""
    known = {candidate.key: candidate for candidate in detail.candidates}
    chains: dict[str, list[Pair]] = {}
    chain_of: dict[str, str] = {}
    shown = left = 0
    for after in detail.candidates:
        before = known.get(after.parent_key or "")
        if before is None:
            continue
        if shown == MOST:
            left += 1
            continue
        shown += 1
        name = chain_of.get(before.key, after.key)
        chain_of[after.key] = name
        chains.setdefault(name, []).append(_pair(detail, before, after))
    return Chains(chains=tuple(Chain(pairs=tuple(pairs)) for pairs in chains.values()), left=left)


def _pair(detail: TraceDetail, before: CandidateView, after: CandidateView) -> Pair:
    known = before.answer_key is not None and after.answer_key is not None
    return Pair(
        before=before,
        after=after,
        texts=differences(before.text, after.text),
        same_answer=before.answer_key == after.answer_key if known else None,
        chosen=after.key == detail.trace.candidate_key,
    )
