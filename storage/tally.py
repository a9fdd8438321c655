"""Adds up the branches of a run: what was cut, when its vote was settled, what revisions changed.

Pure, over plain values, so that the recorder adds up a run that ends and a store the runs that
were stored before there were tallies, to the same numbers. Votes are counted by head: what a vote
weighs hangs on its strategy, and a count is what can be compared between strategies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .rows import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is counted of a step."""

    parent_key: str | None
    n_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What is counted of a candidate."""

    key: str
    parent_key: str | None
    """The candidate it revises."""
    leaf_step_key: str | None
    origin: str
    ending: str
    n_tokens: int
    answer_key: str | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """How the votes by head went for one answer."""

    settled: int | None
    """See `tally_tables.py`, as for the rest."""
    decided: int | None
    late_tokens: int


def tally(
    steps: Mapping[str, Stretch],
    candidates: Sequence[Branch],
    *,
    chosen: str | None,
    first_winner: str | None,
) -> Values:
    """Return the columns of a tally but for `trace_id`.

    `steps` by key; `candidates` in the order they were found; `chosen` and `first_winner` are keys of
    candidates.
    """
    by_key = {branch.key: branch for branch in candidates}
    winner = by_key.get(chosen or "")
    first = by_key.get(first_winner or "")
    answer_key = None if winner is None else winner.answer_key
    whole = [branch for branch in candidates if branch.ending == "whole"]
    voters = [branch for branch in whole if branch.answer_key is not None]
    pilots = [branch for branch in candidates if branch.origin == "pilot"]
    revised = [branch for branch in candidates if branch.parent_key is not None]
    ballot = count_votes(voters, answer_key)
    return {
        "steps": len(steps),
        "candidates": len(candidates),
        "whole": len(whole),
        "pruned": sum(branch.ending == "pruned" for branch in candidates),
        "cut_tokens": cut_tokens(steps, candidates),
        "answer_key": answer_key,
        "winner_score": None if winner is None else winner.score,
        "verifier_agrees": _agrees(voters, answer_key),
        "pilot_samples": len(pilots),
        "pilot_agreeing": _agreeing(pilots, answer_key),
        "votes": len(voters),
        "settled_votes": ballot.settled,
        "decided_votes": ballot.decided,
        "late_tokens": ballot.late_tokens,
        "revisions": len(revised),
        "revisions_changed": sum(_changed(branch, by_key) for branch in revised),
        "first_answer_key": None if first is None else first.answer_key,
    }


def cut_tokens(steps: Mapping[str, Stretch], candidates: Sequence[Branch]) -> int:
    """Return the tokens generated for branches that came to no whole answer.

    By steps where their tokens were counted, so that a shared beginning is no loss; a candidate that
    is not whole and has no counted step is lost whole.
    """
    kept: set[str] = set()
    lost = 0
    for branch in candidates:
        key = branch.leaf_step_key
        counted = False
        while key is not None and key in steps:
            counted = counted or steps[key].n_tokens is not None
            if branch.ending == "whole":
                if key in kept:
                    break
                kept.add(key)
            elif counted:
                break
            key = steps[key].parent_key
        if branch.ending != "whole" and not counted:
            lost += branch.n_tokens
    return lost + sum(step.n_tokens or 0 for key, step in steps.items() if key not in kept)


def count_votes(voters: Sequence[Branch], answer_key: str | None) -> Ballot:
    """Return when the votes, in their order, were for the answer with `answer_key`.

    It leads where it has more votes than any other answer; at a tie it does not.
    """
    counts: Counter[str] = Counter()
    settled: int | None = None
    decided: int | None = None
    best_other = 0
    for at, branch in enumerate(voters, start=1):
        key = branch.answer_key or ""
        counts[key] += 1
        if key != answer_key:
            best_other = max(best_other, counts[key])
        lead = counts[answer_key or ""] - best_other
        if answer_key is None or lead <= 0:
            settled = None
        elif settled is None:
            settled = at
        if answer_key is not None and decided is None and lead > len(voters) - at:
            decided = at
    late = voters[decided:] if decided is not None else []
    return Ballot(settled=settled, decided=decided, late_tokens=sum(b.n_tokens for b in late))


def _agreeing(branches: Sequence[Branch], answer_key: str | None) -> int:
    return sum(b.answer_key is not None and b.answer_key == answer_key for b in branches)


def _agrees(voters: Sequence[Branch], answer_key: str | None) -> bool | None:
    scored = [branch for branch in voters if branch.score is not None]
    if not scored or answer_key is None:
        return None
    best = max(scored, key=lambda branch: branch.score or 0.0)  # the first of equal ones
    return best.answer_key == answer_key


def _changed(branch: Branch, by_key: Mapping[str, Branch]) -> bool:
    before = by_key.get(branch.parent_key or "")
    return before is None or before.answer_key != branch.answer_key
