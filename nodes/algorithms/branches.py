"""Grows, ranks and closes branches: what all step-wise searches share.

A branch ends when the model ends it, when a step completes a boxed answer, when the model has
nothing new to say, or when the answer's token limit is reached. Only the first two make an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..candidate import Candidate, Ending
from ..equality.extract import last_boxed
from ..errors import BackendError
from ..steps import STEP_END
from ..thinking import is_thinking, part_thinking, without_thinking
from ..values import Completion, Question
from ..verifiers.base import ProcessVerifier, step_verifier
from .base import Branch, Search, Tools
from .sprouts import sprout


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What one round of sampling gave; every new step is in exactly one of the two."""

    open: tuple[Branch, ...] = ()
    """Unfinished branches with a scored last step, in the order they were sampled."""
    ended: tuple[Candidate, ...] = ()
    faults: tuple[str, ...] = ()


def tokens_of(branch: Branch) -> int:
    """Return the tokens sampled for a branch."""
    return sum(step.n_tokens or 0 for step in branch)


def text_of(branch: Branch) -> str:
    """Return the text of a branch."""
    return "".join(step.text for step in branch)


def close(branch: Branch, ending: Ending) -> Candidate:
    """Return a branch of at least one step as a candidate, scored by its last step."""
    parted = part_thinking(text_of(branch))
    return Candidate(
        key=branch[-1].key,
        origin="search",
        ending=ending,
        text=parted.answer,
        thinking=parted.thinking,
        steps=tuple(replace(step, confidences=None) for step in branch)
        if any(step.confidences for step in branch)
        else branch,
        n_tokens=tokens_of(branch),
        score=branch[-1].score,
    )


def score_of(branch: Branch) -> float:
    """Return the score of a branch's last step; 0 without one."""
    return branch[-1].score or 0.0


def mine(search: Search) -> tuple[Candidate, ...]:
    """Return what a step-wise search has ended in this epoch."""
    stem = f"s{search.epoch}-"
    return tuple(c for c in search.candidates if c.key.startswith(stem))


def places_left(search: Search, n: int) -> int:
    """Return how many of `n` places no branch of this epoch has taken for good by ending itself."""
    return n - sum(c.ending not in ("pruned", "rollout") for c in mine(search))


def keep_best(
    search: Search,
    branches: Sequence[Branch],
    most: int,
    value: Callable[[Branch], float] = score_of,
) -> Search:
    """Return the search with the `most` best of `branches` live and the others closed."""
    kept, dropped = rank(branches, most, value)
    return prune(replace(search, live=kept), dropped, "pruned")


def prune(search: Search, branches: Sequence[Branch], ending: Ending) -> Search:
    """Return the search with `branches` closed; it is done when none is live."""
    closed = tuple(close(branch, ending) for branch in branches)
    return replace(search, candidates=search.candidates + closed, done=not search.live)


def rank(
    branches: Sequence[Branch], most: int, value: Callable[[Branch], float] = score_of
) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    """Return the `most` best branches of different text, best first, and all the others."""
    kept: list[Branch] = []
    dropped: list[Branch] = []
    texts: set[str] = set()
    for branch in sorted(branches, key=value, reverse=True):
        fresh = len(kept) < most and text_of(branch) not in texts
        (kept if fresh else dropped).append(branch)
        texts.add(text_of(branch))
    return tuple(kept), tuple(dropped)


def ending_of(branch: Branch, completion: Completion, max_tokens: int) -> Ending | None:
    """Return how the last step of `branch`, sampled as `completion`, ends it; None when it is open."""
    *earlier, last = (step.text.strip() for step in branch)
    if completion.end == "cut":
        return "stopped"
    if completion.end == "length":
        return "length"
    text = text_of(branch)
    if last_boxed(last) is not None and not is_thinking(text):
        return "whole"
    if completion.end == "eos":
        return "whole" if without_thinking(text).strip() else "empty"
    if not last:
        return "empty"
    if earlier[-1:] == [last] or earlier.count(last) > 1:
        return "repeated"
    return "length" if tokens_of(branch) >= max_tokens else None


async def grow(search: Search, tools: Tools, roots: Sequence[Branch], *, n: int) -> Grown:
    """Sample `n` next steps of each branch in one request and score them in another.

    A verifier that fails ends the open branches, with a fault that says so.

    Raises:
        ValueError: there is no verifier of steps.
        BackendError: nothing was sampled.
        BudgetSpent: nothing was left for it.
    """
    verifier = step_verifier(tools.verifier)
    limit = tools.sampling.max_tokens
    grown = await sprout(
        search,
        tools,
        roots,
        n=n,
        sampling=replace(
            tools.sampling_from(search.generations + 1000 * search.rounds),
            stop=(STEP_END,),
            max_tokens=max(limit - min(map(tokens_of, roots)), 1),
        ),
    )
    open_: list[Branch] = []
    ended: list[tuple[Branch, Ending]] = []
    ended.extend((branch, "stopped") for branch in grown.barren)
    for new in grown.sprouts:
        ending = ending_of(new.branch, new.completion, limit)
        if ending is None:
            open_.append(new.branch)
        else:
            ended.append((new.branch, ending))
    to_score = open_ + [branch for branch, ending in ended if ending == "whole"]
    scores, faults = await score_branches(tools.question, verifier, to_score)
    faults = grown.faults + faults
    if open_ and not scores:
        ended.extend((branch, "stopped") for branch in open_)
        open_ = []
    return Grown(
        open=tuple(_with_score(branch, scores) for branch in open_),
        ended=tuple(close(_with_score(branch, scores), ending) for branch, ending in ended),
        faults=faults,
    )


async def score_branches(
    question: Question, verifier: ProcessVerifier, branches: Sequence[Branch]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the score of each branch's last step by its key, and what went wrong."""
    if not branches:
        return {}, ()
    solutions = [[text for s in b if (text := s.text.strip())] for b in branches]
    try:
        scored = await verifier.score(question, solutions)
    except BackendError as exc:
        return {}, (f"verifier: {exc}",)
    pairs = zip(branches, scored.scores, strict=True)
    by_key = {branch[-1].key: scores[-1] for branch, scores in pairs if scores}
    missed = len(branches) - len(by_key)
    return by_key, (f"verifier: {missed} solutions are too long for it",) if missed else ()


def _with_score(branch: Branch, scores: Mapping[str, float]) -> Branch:
    *earlier, last = branch
    return (*earlier, replace(last, score=scores.get(last.key, last.score)))
