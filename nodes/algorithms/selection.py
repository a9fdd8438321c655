"""Chooses the answer among candidates.

Majority: arXiv 2203.11171. Best and weighted: arXiv 2408.03314, section 5.1. Hierarchical, across
chains of revisions: the same, section 6.1. Confidence: the sum of the votes that the strategy gave,
as in arXiv 2508.15260, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..candidate import Candidate
from ..verdict import Group, Verdict
from .base import Selection
from .stopping import is_decided


def select(candidates: Sequence[Candidate], selection: Selection) -> Verdict:
    """Return the verdict of a vote among `candidates`, given in the order they were found.

    Ties go to the answer found first. Where no answer can be read off any whole one, the best
    scored whole one wins without a vote; where none is whole, the longest piece does.
    """
    selection = _possible(selection, candidates)
    if selection == "hierarchical":
        return select_across_chains(chains_of(candidates), selection)
    groups = _groups(candidates, selection)
    if not groups:
        winner = _without_vote(candidates)
        return Verdict(
            selection=selection,
            groups=(),
            winner=winner.key if winner else None,
            confidence=None,
            margin=None,
            decided=False,
        )
    total = sum(group.weight for group in groups) or 1.0
    shares = [group.weight / total for group in groups] + [0.0]
    return Verdict(
        selection=selection,
        groups=groups,
        winner=groups[0].members[0],
        confidence=shares[0],
        margin=shares[0] - shares[1],
        decided=is_decided([group.weight for group in groups]),
    )


def select_across_chains(chains: Sequence[Sequence[Candidate]], selection: Selection) -> Verdict:
    """Return the verdict over chains of revisions; a lone candidate is a chain of one.

    With a verifier hierarchical: best-of-N weighted inside each chain, whose best member with the
    winning answer then stands for it in best-of-N weighted across chains. By majority flat: all
    members of all chains in one vote, since nested votes of few members break.
    """
    everyone = [candidate for chain in chains for candidate in chain]
    possible = _possible(selection, everyone)
    if possible in ("majority", "confidence"):
        return select(everyone, possible)
    by_key = {candidate.key: candidate for candidate in everyone}
    firsts = [select(chain, "weighted").winner for chain in chains]
    winners = [by_key[key] for key in firsts if key]
    return select(winners, "weighted" if selection == "hierarchical" else selection)


def chains_of(candidates: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], ...]:
    """Return candidates by chain of revisions, in their order; a lone one is a chain of one."""
    chains: list[list[Candidate]] = []
    chain_of: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        before = candidate.attempts[-1] if candidate.attempts else None
        chain = chain_of.get(before) if before is not None else None
        if chain is None:
            chain = []
            chains.append(chain)
        chain.append(candidate)
        chain_of[candidate.key] = chain
    return tuple(tuple(chain) for chain in chains)


def _possible(selection: Selection, candidates: Sequence[Candidate]) -> Selection:
    """Return `selection`, or majority where nothing bears on it: a count is all there is then."""
    if selection == "confidence":
        weighed = any(c.votes and c.vote for c in candidates)
    else:
        weighed = any(c.votes and c.score is not None for c in candidates)
    return selection if weighed else "majority"


def _weigher(candidates: Sequence[Candidate], selection: Selection) -> Callable[[Candidate], float]:
    """Return what a candidate weighs; votes as shares of the largest, so that none exceeds 1."""
    if selection == "majority":
        return lambda _: 1.0
    if selection == "confidence":
        most = max((c.vote or 0.0 for c in candidates if c.votes), default=0.0) or 1.0
        return lambda c: (c.vote or 0.0) / most
    return lambda c: c.score or 0.0


def _groups(candidates: Sequence[Candidate], selection: Selection) -> tuple[Group, ...]:
    by_key: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.votes and candidate.answer_key is not None:
            by_key.setdefault(candidate.answer_key, []).append(candidate)
    groups: list[Group] = []
    weight = _weigher(candidates, selection)
    for answer_key, members in by_key.items():
        members.sort(
            key=weight if selection == "confidence" else lambda c: c.score or 0.0, reverse=True
        )
        weights = [weight(c) for c in members]
        groups.append(
            Group(
                answer_key=answer_key,
                answer=members[0].answer or "",
                weight=max(weights) if selection == "best" else sum(weights),
                members=tuple(c.key for c in members),
            )
        )
    return tuple(sorted(groups, key=lambda group: group.weight, reverse=True))


def _without_vote(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the best whole one, else the best rollout, else the longest piece, else nothing.

    Ties go to the one found first.
    """
    whole = [c for c in candidates if c.whole] or [c for c in candidates if c.ending == "rollout"]
    if whole:
        return max(whole, key=lambda c: c.score or 0.0)
    pieces = [c for c in candidates if c.text]
    return max(pieces, key=lambda c: c.n_tokens, default=None)
