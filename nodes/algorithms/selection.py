"""Chooses the answer among candidates.

Majority: arXiv 2203.11171. Best and weighted: arXiv 2408.03314, section 5.1. Hierarchical, across
chains of revisions: the same, section 6.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..candidate import Candidate
from ..verdict import Group, Verdict
from .base import Selection
from .stopping import is_decided


def select(candidates: Sequence[Candidate], selection: Selection) -> Verdict:
    """Return the verdict of a vote among `candidates`, given in the order they were found.

    Ties go to the answer found first. Where no answer can be read off any whole one, the best
    scored whole one wins without a vote; where none is whole, the longest piece does.
    """
    if selection != "majority" and not any(c.votes and c.score is not None for c in candidates):
        selection = "majority"  # nothing is scored: a count is all there is
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
    if selection == "majority":
        return select(everyone, selection)
    by_key = {candidate.key: candidate for candidate in everyone}
    firsts = [select(chain, "weighted").winner for chain in chains]
    return select([by_key[key] for key in firsts if key], selection)


def _weight(candidate: Candidate, selection: Selection) -> float:
    return 1.0 if selection == "majority" else candidate.score or 0.0


def _groups(candidates: Sequence[Candidate], selection: Selection) -> tuple[Group, ...]:
    by_key: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.votes and candidate.answer_key is not None:
            by_key.setdefault(candidate.answer_key, []).append(candidate)
    groups: list[Group] = []
    for answer_key, members in by_key.items():
        members.sort(key=lambda c: c.score or 0.0, reverse=True)
        weights = [_weight(c, selection) for c in members]
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
    """Return the best whole one, else the longest piece, else nothing; ties to the one found first."""
    whole = [c for c in candidates if c.whole]
    if whole:
        return max(whole, key=lambda c: c.score or 0.0)
    pieces = [c for c in candidates if c.text]
    return max(pieces, key=lambda c: c.n_tokens, default=None)
